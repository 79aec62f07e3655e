"""`sms-consent history`: a person's decisions."""
