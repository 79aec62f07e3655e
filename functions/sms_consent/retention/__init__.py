"""Delete message bodies after their retention time."""
