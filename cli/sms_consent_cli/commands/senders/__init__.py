"""TODO senders."""
