"""AWS End User Messaging SMS: opt-out lists and replies."""
