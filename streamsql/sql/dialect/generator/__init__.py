"""Trees printed as statements."""
