"""TODO dead_letters."""
