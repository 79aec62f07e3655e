"""TODO sqs."""
