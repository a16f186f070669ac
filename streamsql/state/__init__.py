"""State stores: what a task remembers between records, and how that survives.

May import ``types`` and ``errors``.
"""
