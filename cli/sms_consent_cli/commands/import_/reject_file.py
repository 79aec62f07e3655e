"""Decides how lines that an import did not take are given back: with line and reason, to be mended and imported again."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal, TextIO

from sms_consent_cli.commands.import_.columns import LINE, PROBLEM
from sms_consent_cli.commands.import_.journal import names_to_disk, to_disk
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.shared.delimited_file import Broken, Record, neutral, original

__all__ = ["RejectFile"]


class RejectFile:
    """Written as the import goes; there is no file as long as there is no reject. Its methods raise OSError."""

    def __init__(self, path: Path, source: NumberFile, kept: int = 0) -> None:
        """``kept`` are the bytes of an earlier run that stand: what is behind them is told again."""
        self.path = path
        self._source = source
        self._file: TextIO | None = None
        if kept:
            with path.open("r+b") as file:
                file.truncate(kept)
            self._file = self._open("a")
        elif path.exists():
            path.replace(path.with_name(path.name + ".old"))  # somebody may have begun to mend it

    def add(self, rejected: Record | Broken, reason: str) -> None:
        """A broken line stands whole in the first column: it could not be told apart."""
        if self._file is None:
            self._file = self._open("w")
            csv.writer(self._file).writerow([*map(neutral, self._source.headings), LINE, PROBLEM])
        # Cells may be neutral already, in a file that was exported here; a line that could not be told apart stays as it is.
        cells = [original(cell) for cell in rejected.cells] if isinstance(rejected, Record) else [rejected.text]
        row = [neutral(cell) for cell in cells] + [""] * (self._source.width - len(cells))
        csv.writer(self._file).writerow([*row, rejected.line, neutral(reason)])

    def kept(self) -> int:
        """Return how many bytes are on the disk, all of them safe: the journal counts their lines as done."""
        if self._file is None:
            return 0
        to_disk(self._file)
        return self.path.stat().st_size

    def close(self) -> None:
        """To the end."""
        if self._file is not None:
            self._file.close()

    def _open(self, mode: Literal["a", "w"]) -> TextIO:
        """Numbers are nobody else's business on this machine."""
        file = self.path.open(mode, encoding="utf-8", errors="surrogateescape", newline="")
        self.path.chmod(0o600)
        names_to_disk(self.path.parent)
        return file
