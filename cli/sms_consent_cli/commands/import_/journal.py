"""The journal of an import: a small file beside the imported one, from which an interrupted import continues."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Journal", "Progress", "names_to_disk", "naming", "to_disk"]


@dataclass(slots=True)
class Progress:
    """The progress of an import. All lines up to ``line`` are processed; later ones can safely be repeated."""

    line: int = 0
    rejects_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    began_at: str | None = None  # the import's time; journals of earlier releases have none
    import_id: str | None = None  # its record in the ledger; journals of earlier releases have none


class Journal:
    """The progress of importing one file with one set of options. Another file or other options start again."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self._identity = identity

    def read(self) -> Progress:
        """Return the stored progress; progress at the first line if there is none for this file and these options.

        Raises UsageError if the file is no journal.
        """
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
            if stored.pop("identity") != self._identity:
                return Progress()
            return Progress(**stored)
        except FileNotFoundError:
            return Progress()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise UsageError(f"{self.path} is not the progress of an import: delete it to start again") from error

    def write(self, progress: Progress) -> None:
        """Replace the journal. After a power failure, either the old or the new one exists. Raises OSError."""
        beside = self.path.with_name(self.path.name + ".new")
        try:
            with naming(self.path), beside.open("w", encoding="utf-8") as file:
                file.write(json.dumps({"identity": self._identity, **asdict(progress)}))
                to_disk(file)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        beside.replace(self.path)
        names_to_disk(self.path.parent)

    def forget(self) -> None:
        """Delete the journal of a complete import. Raises OSError."""
        self.path.unlink(missing_ok=True)
        names_to_disk(self.path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the path to an OSError that has no file name, such as that of a full disk."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def to_disk(file: IO[Any]) -> None:
    """Write a file's buffered content to the disk. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


def names_to_disk(folder: Path) -> None:
    """Make the creation, renaming and removal of files in a folder permanent. Windows has no such call."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
