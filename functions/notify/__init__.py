"""NotifyFunction: from the ledger's stream to an event bus."""
