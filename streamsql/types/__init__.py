"""SQL types, schemas, and the shape of values in flight. Imports nothing but ``errors``."""
