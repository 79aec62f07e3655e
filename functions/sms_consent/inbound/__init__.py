"""TODO inbound."""
