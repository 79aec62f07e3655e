"""InboundFunction: from an inbound text to the ledger."""
