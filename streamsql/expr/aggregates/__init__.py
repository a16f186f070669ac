"""The built-in aggregate functions. Each module registers its own."""
