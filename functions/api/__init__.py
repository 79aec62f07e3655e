"""ApiFunction's HTTP API: opt-outs through other channels than a text, and a number's consents and history."""
