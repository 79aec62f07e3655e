"""Logging of the local stack."""

from __future__ import annotations

import logging
from typing import TextIO

__all__ = ["log_to"]


def log_to(stream: TextIO) -> None:
    """Log to a stream: skipped resources, failures, and requests that are not supported."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("sms_consent_cli.local")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
