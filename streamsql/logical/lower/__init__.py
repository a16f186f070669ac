"""Logical plans as calls of the DSL."""
