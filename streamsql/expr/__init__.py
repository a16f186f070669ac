"""Bound expressions, the functions they call, and their compilation to Python source.

May import ``types`` and ``errors``.
"""
