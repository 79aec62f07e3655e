"""`sms-consent reconcile`: compare opt-out lists and ledger now."""
