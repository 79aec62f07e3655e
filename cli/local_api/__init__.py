"""The opt-outs API of `sms-consent local`: what API Gateway is in a deployment."""
