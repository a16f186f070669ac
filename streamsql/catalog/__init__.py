"""Streams, tables, types and functions by name: an immutable value.

May import ``formats``, ``expr``, ``types`` and ``errors``.
"""
