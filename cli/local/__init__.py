"""`sms-consent local`: the whole stack in one process, on a person's machine, with nothing outside it."""
