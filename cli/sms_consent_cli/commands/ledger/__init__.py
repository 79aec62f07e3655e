"""`sms-consent ledger`: prepare a restored or copied table."""
