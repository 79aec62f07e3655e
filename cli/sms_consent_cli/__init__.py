"""The `sms-consent` command."""
