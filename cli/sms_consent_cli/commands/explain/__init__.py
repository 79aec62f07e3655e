"""`sms-consent explain`: show how a text is classified, and why."""
