"""Writes a dossier to a file: complete or not at all, and readable by its owner only, since it is personal data."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["check_target", "write_private"]


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise UsageError if a file cannot be written to the path, or exists and ``overwrite`` is False."""
    if path.is_dir():
        raise UsageError(f"{path} is a directory")
    if not path.parent.is_dir():
        raise UsageError(f"there is no directory {path.parent}")
    if not overwrite and (path.exists() or path.is_symlink()):
        raise UsageError(f"{path} exists: give --force to replace it")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (mode 0600). It appears under its name once it is complete. Raises
    UsageError."""
    part: str | None = None
    try:
        descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # 0600
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
        part = None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    finally:
        if part is not None:
            Path(part).unlink(missing_ok=True)
