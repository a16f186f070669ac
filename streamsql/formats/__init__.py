"""Bytes to rows and back: one module a format. May import ``expr``, ``types`` and ``errors``."""
