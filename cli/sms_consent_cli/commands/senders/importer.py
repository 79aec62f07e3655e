"""A run of `senders import`, and its result."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.progress import track

from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.ports import Sender
from sms_consent_cli.commands.senders.import_file import Reject, SenderLine, read_lines, write_rejects
from sms_consent_cli.shared.sender_checks import CheckedSender, SenderChecks
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import say, visible
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["SenderImport"]


class SenderImport:
    """The import of one file into one deployment."""

    def __init__(self, sender_store: SenderStore, checks: SenderChecks, *, dry_run: bool) -> None:
        self._sender_store = sender_store
        self._checks = checks
        self._dry_run = dry_run
        self.written: list[str] = []
        self.unchanged: list[str] = []
        self.rejects: list[Reject] = []
        self._rejects_in: Path | None = None

    def changing(self, senders: Sequence[Sender]) -> list[Sender]:
        """Return the senders that are not set like this yet."""
        listed = {sender.identity: sender for sender in self._sender_store.senders()}
        return [each for each in senders if listed.get(each.identity) != each or not self._sender_store.holds(each)]

    def write(self, senders: Sequence[Sender], changing: Sequence[Sender]) -> None:
        """Set the senders that change."""
        self.unchanged = [each.identity for each in senders if each not in changing]
        for sender in track(
            changing, "setting", console=console(stderr=True), transient=True,
            disable=self._dry_run or not sys.stderr.isatty(),
        ):  # fmt: skip
            if not self._dry_run:
                self._sender_store.write(sender)
            self.written.append(sender.identity)

    def checked(self, content: bytes) -> list[Sender]:
        """Check every line before anything is written. Raises UsageError."""
        taken: dict[str, tuple[int, CheckedSender]] = {}
        notes: dict[str, None] = {}
        for line in read_lines(content):
            if isinstance(line, Reject):
                self._reject(line)
                continue
            try:
                checked = self._checks.check(line.request)
            except UsageError as error:
                self._reject(Reject(line.number, line.cells, str(error)))
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
        """Write the file of rejected lines. If that fails, they were still reported on standard error."""
        try:
            write_rejects(path, self.rejects)
        except OSError as error:
            say(f"{visible(str(path))}: {error.strerror}", err=True)
        else:
            self._rejects_in = path

    def view(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "dryRun": self._dry_run,
            "set": self.written,
            "unchanged": self.unchanged,
            "rejected": [{"line": reject.number, "error": reject.error} for reject in self.rejects],
            "rejectsFile": str(self._rejects_in) if self._rejects_in is not None else None,
        }

    def summary(self) -> str:
        """Return the result in a sentence."""
        would = "would be set" if self._dry_run else "set"
        summary = f"{len(self.written)} {would}, {len(self.unchanged)} unchanged, {len(self.rejects)} rejected"
        return summary + (f": see {self._rejects_in}" if self._rejects_in is not None else "")


def _contradiction(line: SenderLine, earlier: int) -> Reject:
    return Reject(line.number, line.cells, f"line {earlier} has the same sender with other settings")
