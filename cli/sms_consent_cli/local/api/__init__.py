"""The HTTP API of the local stack, in place of API Gateway."""
