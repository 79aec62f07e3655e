"""Settings, observability and the composition root."""
