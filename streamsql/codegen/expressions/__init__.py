"""Bound expressions as Python expression text."""
