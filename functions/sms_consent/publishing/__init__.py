"""Publish changes of the ledger as events."""
