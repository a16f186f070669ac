"""Expressions bound: literals, operators, calls, conversions."""
