"""A run of `dead-letters redrive`, and its result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sms_consent_cli.commands.dead_letters.queue import DeadLetter, DeadLetterReader
from sms_consent_cli.shared.progress import progress_bar

__all__ = ["Redrive"]


@dataclass
class Redrive:
    """A run into a queue, or a dry run if ``into`` is None."""

    queue: DeadLetterReader
    into: str | None
    put_back: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    complete: bool = False

    def process(self, letters: Iterable[DeadLetter], *, about: int) -> None:
        """Move each message. ``about`` is their approximate number."""
        with progress_bar("putting back", about) as bar:
            for done, letter in enumerate(letters, start=1):
                moved = self.into is None or self.queue.move(letter, self.into)
                (self.put_back if moved else self.kept).append(letter.id)
                bar.advance(done)
        self.complete = True

    def view(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "dryRun": self.into is None,
            "complete": self.complete,
            "putBack": self.put_back,
            "leftHere": self.kept,
        }

    def summary(self) -> str:
        """Return the result in sentences."""
        if self.complete and not self.put_back and not self.kept:
            return "There are no dead letters."
        count = len(self.put_back)
        summary = f"{count} dead {'letter' if count == 1 else 'letters'} "
        summary += "would be put back." if self.into is None else "put back into the queue."
        if self.kept:
            summary += (
                f" {len(self.kept)} of them came back meanwhile, or were duplicates, and are kept: "
                '"sms-consent dead-letters list" shows the reasons.'
            )
        return summary if self.complete else f"Stopped early: {summary}"
