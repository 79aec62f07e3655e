"""`sms-consent lists`: manage opt-out lists."""
