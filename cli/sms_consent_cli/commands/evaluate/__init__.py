"""`sms-consent evaluate`: measure the classifier on labelled texts."""
