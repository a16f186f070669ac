"""Queries bound to logical plans."""
