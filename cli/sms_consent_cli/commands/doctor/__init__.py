"""`sms-consent doctor`: check a deployment's settings and resources."""
