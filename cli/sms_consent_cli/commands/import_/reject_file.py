"""The file of rejected lines, with line numbers and reasons, for correction and another import."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from sms_consent_cli.commands.import_.columns import LINE, PROBLEM
from sms_consent_cli.commands.import_.journal import names_to_disk, naming, to_disk
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.shared.delimited_file import BrokenLine, DelimitedRecord, escape_cell, unescape_cell

__all__ = ["RejectFile"]


class RejectFile:
    """A file written during the import; created with the first rejected line. Methods raise OSError."""

    def __init__(self, path: Path, source: NumberFile, kept: int = 0) -> None:
        """Continue the file after ``kept`` bytes, which an earlier run completed. If it is 0, rename an existing file to
        ``.old``."""
        self.path = path
        self._source = source
        self._file: TextIO | None = None
        self._failure: OSError | None = None
        if kept:
            with path.open("r+b") as file:
                file.truncate(kept)
            self._file = self._open("a")
        elif path.exists():
            path.replace(path.with_name(path.name + ".old"))  # the user may have started to correct it

    def add(self, rejected: DelimitedRecord | BrokenLine, reason: str) -> None:
        """Add a rejected line. A line that could not be split into cells is written into the first column."""
        if self._file is None:
            self._file = self._open("w")
            csv.writer(self._file).writerow([*map(escape_cell, self._source.headings), LINE, PROBLEM])
        # Cells may be escaped already, in a file that was exported by this command. A broken line stays as it is.
        cells = (
            [unescape_cell(cell) for cell in rejected.cells]
            if isinstance(rejected, DelimitedRecord)
            else [rejected.text]
        )
        row = [escape_cell(cell) for cell in cells] + [""] * (self._source.width - len(cells))
        with self._writing():
            csv.writer(self._file).writerow([*row, rejected.line, escape_cell(reason)])

    def kept(self) -> int:
        """Write everything to the disk, and return the length in bytes. The journal stores it with the processed lines."""
        if self._file is None:
            return 0
        with self._writing():
            to_disk(self._file)
        return self.path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with naming(self.path):
                self._file.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise the first write error again at every later write.

        After an error Python drops the buffered text, so later lines would follow a gap that nobody notices.
        """
        if self._failure is not None:
            raise self._failure
        try:
            with naming(self.path):
                yield
        except OSError as error:
            self._failure = error
            raise

    def _open(self, mode: Literal["a", "w"]) -> TextIO:
        """Open the file, readable by its owner only."""
        file = self.path.open(mode, encoding="utf-8", errors="surrogateescape", newline="")
        self.path.chmod(0o600)
        names_to_disk(self.path.parent)
        return file
