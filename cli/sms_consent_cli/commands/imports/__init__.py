"""`sms-consent imports`: the records of imports, and undoing one."""
