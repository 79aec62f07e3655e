"""Decides where an import goes on that was killed: a small file beside it, replaced as a whole every second."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cli.refusal import Refusal

__all__ = ["Journal", "Progress"]


@dataclass(slots=True)
class Progress:
    """How far an import is. Every line up to ``line`` is done with; those behind it are safe to do again."""

    line: int = 0
    rejects_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)


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
            raise Refusal(f"{self.path} is no progress of an import: delete it to begin anew") from error

    def write(self, progress: Progress) -> None:
        """Either the old or the new stands, whenever the machine stops. Raises OSError."""
        beside = self.path.with_name(self.path.name + ".new")
        beside.write_text(json.dumps({"identity": self._identity, **asdict(progress)}), encoding="utf-8")
        beside.replace(self.path)

    def forget(self) -> None:
        """The import is through. Raises OSError."""
        self.path.unlink(missing_ok=True)
