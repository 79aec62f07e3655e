"""The newest entry of each number in a file, to be kept where nobody who can write the ledger can change it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from sms_consent.domain.chain_verification import ChainReport, Finding, FindingKind
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["EarlierHeads", "HeadsWriter", "heads_written_to"]


def key_of_number(number: str) -> str:
    """Return what stands for a number in the file. Numbers can be guessed from it, so the file is personal data."""
    return sha256(number.encode()).hexdigest()[:32]


class HeadsWriter:
    """Writes one line for each number."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, number: str, report: ChainReport) -> None:
        """Write the newest entry of a number, if it has one."""
        if report.digests:
            sequence = max(report.digests)
            line = {"key": key_of_number(number), "sequence": sequence, "digest": report.digests[sequence]}
            self._file.write(json.dumps(line) + "\n")


@contextmanager
def heads_written_to(path: Path | None) -> Iterator[HeadsWriter | None]:
    """Open a new file that only its owner can read. Raises UsageError if it exists or cannot be written."""
    if path is None:
        yield None
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            try:
                yield HeadsWriter(file)
            except BaseException:
                path.unlink(missing_ok=True)  # a file that ends early would look like one with fewer numbers
                raise
    except FileExistsError as error:
        raise UsageError(f"{path} exists: name a new file") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


class EarlierHeads:
    """The newest entries of an earlier file. They must still be in the ledger, unless they were erased."""

    def __init__(self, path: Path) -> None:
        """Read the whole file. Raises UsageError."""
        self._left: dict[str, tuple[int, str]] = {}
        try:
            with path.open(encoding="utf-8") as file:
                for line in file:
                    head = json.loads(line)
                    self._left[str(head["key"])] = int(head["sequence"]), str(head["digest"])
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path} is no file that --heads wrote") from error

    def compared(self, number: str, report: ChainReport) -> list[Finding]:
        """Return a finding if the entry of a number is no longer the one in the file."""
        sequence, digest = self._left.pop(key_of_number(number), (0, ""))
        if not sequence or report.digests.get(sequence) == digest:
            return []
        if report.erased_at is not None and sequence < min(report.digests, default=0):
            return []
        return [Finding(FindingKind.REPLACED, f"entry {sequence} is not the one of the earlier file", sequence)]

    @property
    def gone(self) -> int:
        """How many numbers of the file were not compared: nothing is stored about them now."""
        return len(self._left)
