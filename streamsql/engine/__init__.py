"""The engine: statements carried out, queries run, results handed back.

Puts the two halves together: the compiler (``sql``, ``plan``, ``streams``) makes topologies, the
machine (``runtime``, ``state``, ``broker``) runs them. Everything above (shell, testing)
talks to ``engine.Engine`` and ``application.Application`` alone. May import every room but those
two.
"""
