"""TODO retention."""
