"""Rewrite rules, one a file: each a function from a plan to an equal, better plan."""
