"""The inbound queue and the dead-letter queues."""
