"""TODO handlers."""
