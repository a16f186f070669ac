"""Readers of clauses, one module a family."""
