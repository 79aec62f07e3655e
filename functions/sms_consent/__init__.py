"""Consent by text message: what people ask for, what the ledger says, and how the opt-out list follows it."""
