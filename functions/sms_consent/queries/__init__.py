"""Read what the ledger knows about a person."""
