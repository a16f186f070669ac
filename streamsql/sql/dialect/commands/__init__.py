"""Readers of statements, one module a family."""
