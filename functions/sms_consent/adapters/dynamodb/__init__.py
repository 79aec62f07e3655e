"""TODO dynamodb."""
