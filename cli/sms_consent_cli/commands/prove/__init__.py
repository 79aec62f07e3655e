"""`sms-consent prove`: a dossier about one person."""
