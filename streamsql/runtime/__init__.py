"""Carries a topology out: tasks, processors, commits, restores. Knows no SQL.

May import ``state``, ``broker``, ``topology``, ``catalog``, ``formats``, ``expr``, ``types`` and
``errors``.
"""
