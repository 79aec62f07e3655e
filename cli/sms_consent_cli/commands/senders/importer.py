"""Decides what one run of `senders import` writes, and what it says of the lines that it did not take."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.progress import track

from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.ports import Sender
from sms_consent_cli.commands.senders.import_file import Line, Reject, read_lines, write_rejects
from sms_consent_cli.shared.sender_checks import Checked, SenderChecks
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import say, visible
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Importing"]


class Importing:
    """One file into one deployment."""

    def __init__(self, book: SenderStore, checks: SenderChecks, *, dry_run: bool) -> None:
        self._book = book
        self._checks = checks
        self._dry_run = dry_run
        self.written: list[str] = []
        self.unchanged: list[str] = []
        self.rejects: list[Reject] = []
        self._rejects_in: Path | None = None

    def changing(self, senders: Sequence[Sender]) -> list[Sender]:
        """Those that are not set like this yet."""
        listed = {sender.identity: sender for sender in self._book.senders()}
        return [each for each in senders if listed.get(each.identity) != each or not self._book.holds(each)]

    def write(self, senders: Sequence[Sender], changing: Sequence[Sender]) -> None:
        """Set those that are to be changed."""
        self.unchanged = [each.identity for each in senders if each not in changing]
        for sender in track(
            changing, "setting", console=console(stderr=True), transient=True,
            disable=self._dry_run or not sys.stderr.isatty(),
        ):  # fmt: skip
            if not self._dry_run:
                self._book.write(sender)
            self.written.append(sender.identity)

    def checked(self, content: bytes) -> list[Sender]:
        """Check every line before the first is written. Raises Refusal."""
        taken: dict[str, tuple[int, Checked]] = {}
        notes: dict[str, None] = {}
        for line in read_lines(content):
            if isinstance(line, Reject):
                self._reject(line)
                continue
            try:
                checked = self._checks.check(line.wish)
            except UsageError as refusal:
                self._reject(Reject(line.number, line.cells, str(refusal)))
                continue
            earlier = taken.setdefault(checked.sender.identity, (line.number, checked))
            if earlier[1].sender != checked.sender:
                self._reject(_contradiction(line, earlier[0]))
                continue
            notes.update(dict.fromkeys(checked.notes))
        for note in notes:
            say(f"note: {visible(note)}", err=True)
        return [checked.sender for _, checked in taken.values()]

    def _reject(self, reject: Reject) -> None:
        say(f"line {reject.number}: {visible(reject.error)}", err=True)
        self.rejects.append(reject)

    def keep_rejects(self, path: Path) -> None:
        """What is lost here was told on standard error already."""
        try:
            write_rejects(path, self.rejects)
        except OSError as error:
            say(f"{visible(str(path))}: {error.strerror}", err=True)
        else:
            self._rejects_in = path

    def view(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dryRun": self._dry_run,
            "set": self.written,
            "unchanged": self.unchanged,
            "rejected": [{"line": reject.number, "error": reject.error} for reject in self.rejects],
            "rejectsFile": str(self._rejects_in) if self._rejects_in is not None else None,
        }

    def told(self) -> str:
        """For people."""
        would = "would be set" if self._dry_run else "set"
        told = f"{len(self.written)} {would}, {len(self.unchanged)} as they were, {len(self.rejects)} rejected"
        return told + (f": see {self._rejects_in}" if self._rejects_in is not None else "")


def _contradiction(line: Line, earlier: int) -> Reject:
    return Reject(line.number, line.cells, f"line {earlier} has the same sender with other settings")
