"""Compare opt-out lists and ledger, daily."""
