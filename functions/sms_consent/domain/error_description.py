"""Descriptions of errors for logs, without their messages, which may quote a number or a text."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import Any

__all__ = ["described"]


def described(error: BaseException) -> dict[str, Any]:
    """Return the type names of the error and its cause, and the line that raised it."""
    frames = extract_tb(error.__traceback__)
    cause = error.__cause__
    fields = {"error": type(error).__name__}
    if cause is not None:
        fields["cause"] = type(cause).__name__
    if frames:
        fields["raised_at"] = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
    return fields
