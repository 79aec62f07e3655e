"""Record decisions in the ledger, for every channel, once."""
