"""Decides where an import goes on that was killed: a small file beside it, replaced as a whole every second."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Journal", "Progress", "names_to_disk", "to_disk"]


@dataclass(slots=True)
class Progress:
    """How far an import is. Every line up to ``line`` is done with; those behind it are safe to do again."""

    line: int = 0
    rejects_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    began_at: str | None = None  # the import's time; journals of earlier releases have none


class Journal:
    """One file's progress under one set of options: for another file, or other options, it begins anew."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self._identity = identity

    def read(self) -> Progress:
        """From the start if there is nothing to go on from. Raises Refusal."""
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            if stored.pop("identity") != self._identity:
                return Progress()
            return Progress(**stored)
        except FileNotFoundError:
            return Progress()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise UsageError(f"{self.path} is no progress of an import: delete it to begin anew") from error

    def write(self, progress: Progress) -> None:
        """Replace the journal. After a power failure at any time, either the old or the new one is there. Raises OSError."""
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"identity": self._identity, **asdict(progress)}))
            to_disk(file)
        beside.replace(self.path)
        names_to_disk(self.path.parent)

    def forget(self) -> None:
        """The import is through. Raises OSError."""
        self.path.unlink(missing_ok=True)
        names_to_disk(self.path.parent)


def to_disk(file: IO[Any]) -> None:
    """Return once what was written is on the disk, not only in the system's memory. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


def names_to_disk(folder: Path) -> None:
    """Likewise for the creation, renaming and removal of files in a folder. Windows has no such call."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
