"""Daily comparison of the opt-out lists with the ledger."""
