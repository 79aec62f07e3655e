"""`sms-consent connect` and `disconnect`: move a number between AWS's handling of STOP and this stack's."""
