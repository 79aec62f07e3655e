"""Checks of `sms-consent doctor --deep`: whether a deployment works on the AWS account that it is in."""
