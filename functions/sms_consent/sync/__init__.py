"""Make the opt-out list match the ledger: list calls, replies, and the sweep over everything that is due."""
