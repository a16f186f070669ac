"""Trees to bound statements: names and types resolved against the catalog."""
