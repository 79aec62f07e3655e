"""TODO sms_consent_cli."""
