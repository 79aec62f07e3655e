"""The HTTP API of ApiFunction: opt-outs through channels other than SMS, and the consents and history of a number."""
