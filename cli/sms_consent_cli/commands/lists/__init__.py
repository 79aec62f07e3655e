"""TODO lists."""
