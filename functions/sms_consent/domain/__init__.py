"""Consents, decisions and replies, and every rule that changes them. Pure: no I/O, and the time is passed in."""
