"""Settings, and where things are."""
