"""TODO sms_voice."""
