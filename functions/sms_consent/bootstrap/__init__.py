"""TODO bootstrap."""
