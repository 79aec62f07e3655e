"""Queries about one person's consents and history."""
