"""`sms-consent dead-letters`: inspect and redrive records that could not be processed."""
