"""ReconcileFunction: finds where list and ledger differ."""
