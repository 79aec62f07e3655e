"""Decides how a reconcile that writes nothing remembers how far it is: not beyond its own end."""

from __future__ import annotations

from datetime import datetime

from sms_consent.domain.errors import Moved
from sms_consent.reconciliation.progress import Run, Sketch

__all__ = ["PaperBook"]


class PaperBook:
    """A ``RunBook`` that nobody else reads. What was met need not be kept: the one worker has it."""

    def __init__(self) -> None:
        self._run: Run | None = None

    def newest(self) -> Run | None:
        """Its own."""
        return self._run

    def save(self, run: Run, replacing: Run | None) -> None:
        """One worker, so always the one that stood."""
        if self._run != replacing:
            raise Moved(self._run)
        self._run = run

    def keep(self, name: str, packed: bytes, until: datetime) -> Sketch:  # noqa: ARG002  as the port has it
        """Nobody goes on with it."""
        return Sketch(name, 0, until)

    def kept(self, sketch: Sketch) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None
