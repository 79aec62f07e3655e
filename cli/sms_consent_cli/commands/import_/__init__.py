"""`sms-consent import`: opt-outs from other systems."""
