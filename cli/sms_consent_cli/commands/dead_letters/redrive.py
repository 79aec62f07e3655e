"""Decides what one run of `dead-letters redrive` puts back, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sms_consent_cli.commands.dead_letters.queue import DeadLetter, DeadLetterQueue
from sms_consent_cli.shared.progress_bar import progress_bar

__all__ = ["Redrive"]


@dataclass
class Redrive:
    """One run, into a queue, or into none to see what it would do."""

    queue: DeadLetterQueue
    into: str | None
    put_back: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    complete: bool = False

    def through(self, letters: Iterable[DeadLetter], *, about: int) -> None:
        """Each in turn; ``about`` is a guess at their number."""
        with progress_bar("putting back", about) as bar:
            for done, letter in enumerate(letters, start=1):
                moved = self.into is None or self.queue.move(letter, self.into)
                (self.put_back if moved else self.left).append(letter.id)
                bar.advance(done)
        self.complete = True

    def view(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dryRun": self.into is None,
            "complete": self.complete,
            "putBack": self.put_back,
            "leftHere": self.left,
        }

    def told(self) -> str:
        """For people."""
        if self.complete and not self.put_back and not self.left:
            return "There are no dead letters."
        count = len(self.put_back)
        told = f"{count} dead {'letter' if count == 1 else 'letters'} "
        told += "would be put back." if self.into is None else "put back into the queue."
        if self.left:
            told += (
                f" {len(self.left)} of them came back while this ran, or lay here twice, and stay: "
                '"sms-consent dead-letters list" says why.'
            )
        return told if self.complete else f"Stopped early: {told}"
