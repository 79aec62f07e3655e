"""Publishing of ledger changes as EventBridge events."""
