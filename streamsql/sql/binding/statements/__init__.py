"""Every other statement bound."""
