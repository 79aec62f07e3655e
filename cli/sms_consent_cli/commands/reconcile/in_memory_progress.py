"""In-memory progress of a reconcile run that writes nothing."""

from __future__ import annotations

from datetime import datetime

from sms_consent.domain.errors import Moved
from sms_consent.reconciliation.progress import BloomSnapshot, RunProgress

__all__ = ["InMemoryProgress"]


class InMemoryProgress:
    """A progress store for one worker."""

    def __init__(self) -> None:
        self._run: RunProgress | None = None

    def newest(self) -> RunProgress | None:
        """Return the run."""
        return self._run

    def save(self, run: RunProgress, replacing: RunProgress | None) -> None:
        """Store the run. Raises Moved if the stored run is not ``replacing``."""
        if self._run != replacing:
            raise Moved(self._run)
        self._run = run

    def save_snapshot(self, name: str, packed: bytes, until: datetime) -> BloomSnapshot:  # noqa: ARG002  as the port has it
        """Store nothing, as no other worker resumes the run."""
        return BloomSnapshot(name, 0, until)

    def read_snapshot(self, snapshot: BloomSnapshot) -> bytes | None:  # noqa: ARG002
        """Return None."""
        return None
