"""How a number is taken from AWS's handling of STOP to this stack's, and back."""
