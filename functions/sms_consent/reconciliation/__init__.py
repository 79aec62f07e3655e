"""TODO reconciliation."""
