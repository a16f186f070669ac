"""The logical plan: relations over streams and tables, rewrite rules, and lowering to operators.

May import ``streams``, ``topology``, ``catalog``, ``formats``, ``expr``, ``types`` and ``errors``.
"""
