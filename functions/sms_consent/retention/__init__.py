"""Deletion of message bodies after their retention time."""
