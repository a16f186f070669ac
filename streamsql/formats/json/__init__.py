"""JSON: a fast way for exact field names, taught by the general one."""
