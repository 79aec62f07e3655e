"""`sms-consent local`: the whole stack in one process."""
