"""Parsing, ordering and processing of inbound messages."""
