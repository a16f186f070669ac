"""What functions and operators do to values: arithmetic, casts, their text forms."""
