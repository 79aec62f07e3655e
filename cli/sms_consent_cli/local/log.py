"""Decides where the local stack's own log lines go."""

from __future__ import annotations

import logging
from typing import TextIO

__all__ = ["log_to"]


def log_to(stream: TextIO) -> None:
    """What was left out, what failed, what is not served: for whoever runs the stack."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("sms_consent_cli.local")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
