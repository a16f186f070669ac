"""The built-in scalar and table functions, a module per family. Each module registers its own."""
