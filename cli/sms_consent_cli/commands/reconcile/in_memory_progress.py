"""Decides how a reconcile that writes nothing remembers how far it is: not beyond its own end."""

from __future__ import annotations

from datetime import datetime

from sms_consent.domain.errors import Moved
from sms_consent.reconciliation.progress import BloomSnapshot, RunProgress

__all__ = ["PaperBook"]


class PaperBook:
    """A ``RunBook`` that nobody else reads. What was met need not be kept: the one worker has it."""

    def __init__(self) -> None:
        self._run: RunProgress | None = None

    def newest(self) -> RunProgress | None:
        """Its own."""
        return self._run

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        """One worker, so always the one that stood."""
        if self._run != replacing:
            raise Moved(self._run)
        self._run = run

    def keep(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:  # noqa: ARG002  as the port has it
        """Nobody goes on with it."""
        return BloomSnapshot(name, 0, until)

    def kept(self, sketch: BloomSnapshot) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None
