"""ApiFunction: opt-outs by other channels than a text, and what the ledger knows of a number."""
