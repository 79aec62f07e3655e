"""TODO sync."""
