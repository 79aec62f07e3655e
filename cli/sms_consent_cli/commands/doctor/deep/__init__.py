"""TODO deep."""
