"""The record of an import: who imported which file, how it was read, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sms_consent.domain.preserved_attributes import Preserved

__all__ = ["RECORDED", "UNKNOWN_IDENTITY", "ImportRecord", "ImportStatus"]

RECORDED = ("optedOut", "optedIn", "confirmed", "superseded")
"""The counts of lines that became decisions."""
UNKNOWN_IDENTITY = "unknown"
"""Stored in place of the caller's identity if AWS does not return it."""


class ImportStatus(StrEnum):
    """How far an import is."""

    RUNNING = "RUNNING"  # begun, and perhaps interrupted
    FINISHED = "FINISHED"
    UNDOING = "UNDOING"  # an undo was begun, and perhaps interrupted
    UNDONE = "UNDONE"
    UNKNOWN = "UNKNOWN"  # replaces a value that a newer version wrote; never written


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecord:
    """One import of one file. Its decisions refer to it by ``Decision.import_id``."""

    id: str
    identity: str  # the ARN of the AWS identity that ran the import
    file_name: str  # without its folder
    sha256: str  # of the file's bytes, in hexadecimal
    begun_at: datetime
    status: ImportStatus
    options: Mapping[str, str] = field(default_factory=dict)  # the command's options, by name
    columns: Mapping[str, str] = field(default_factory=dict)  # what was read from which column, by meaning
    counts: Mapping[str, int] = field(default_factory=dict)  # lines by outcome, and "lines" in all
    updated_at: datetime | None = None  # when the counts were last written
    finished_at: datetime | None = None
    undone_at: datetime | None = None  # when it was undone completely
    undone_by: str | None = None  # the ARN of the AWS identity that began to undo it
    undone: Mapping[str, int] = field(default_factory=dict)  # numbers by the effect of the undo
    revision: int = 1  # rises with each write; conditional writes compare it
    preserved: Preserved | None = field(default=None, compare=False, repr=False)
