"""The inbound messages of one event: reading, ordering and processing them."""
