"""`sms-consent doctor --deep`: check on AWS that a deployment works."""
