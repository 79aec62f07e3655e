"""The version of the rules. Written by ``python -m rules.build`` from ``rules/CHANGELOG.md``."""

__all__ = ["RULES_VERSION"]

RULES_VERSION = "2026.12.01+6c7ee8ac"
"""Stored with every decision. Later rules have a greater version, compared as text; the part after the plus sign identifies
the content."""
