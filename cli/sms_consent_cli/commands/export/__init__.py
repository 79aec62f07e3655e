"""`sms-consent export`: every consent with its evidence."""
