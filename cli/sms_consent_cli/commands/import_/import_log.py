"""The record of a running import in the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
from sms_consent.domain.errors import Moved
from sms_consent.domain.import_record import UNKNOWN_IDENTITY, ImportRecord, ImportStatus
from sms_consent.domain.ports import Clock
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.terminal_text import say
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["ImportLog", "caller_identity", "new_id"]

NOTE_EVERY = 30.0
"""Seconds between updates of the counts while the import runs."""


class ImportLog:
    """Creates and updates the record of one import. Methods raise UsageError, TryAgain or Rejected."""

    def __init__(self, records: DynamoImportRecords, clock: Clock, record: ImportRecord) -> None:
        self._records = records
        self._clock = clock
        self._record = record

    @property
    def id(self) -> str:
        """The import's id."""
        return self._record.id

    @property
    def record(self) -> ImportRecord:
        """The record as it was last written."""
        return self._record

    @classmethod
    def begin(cls, records: DynamoImportRecords, clock: Clock, record: ImportRecord) -> ImportLog:
        """Write the record of a new import and return its log."""
        return cls(records, clock, records.save(record, None))

    @classmethod
    def resume(cls, records: DynamoImportRecords, clock: Clock, import_id: str) -> ImportLog | None:
        """Return the log of an interrupted import; None if its record was deleted. Raises UsageError if the import was
        undone."""
        record = records.get(import_id)
        if record is None:
            return None
        log = cls(records, clock, record)
        log._check(record)
        return log

    def note(self, line: int, counts: Mapping[str, int]) -> None:
        """Write the counts up to ``line``, unless they were written within the last half minute."""
        updated = self._record.updated_at or self._record.begun_at
        if (self._clock.now() - updated).total_seconds() >= NOTE_EVERY:
            self._write(line, counts, ImportStatus.RUNNING, None)

    def stop(self, line: int, counts: Mapping[str, int]) -> None:
        """Write the counts of an import that was interrupted after ``line``."""
        self._write(line, counts, ImportStatus.RUNNING, None)

    def finish(self, line: int, counts: Mapping[str, int]) -> None:
        """Write the counts of a complete import."""
        self._write(line, counts, ImportStatus.FINISHED, self._clock.now())

    def _write(self, line: int, counts: Mapping[str, int], status: ImportStatus, finished_at: datetime | None) -> None:
        changed = replace(
            self._record, status=status, counts={"lines": line, **counts}, updated_at=self._clock.now(),
            finished_at=finished_at,
        )  # fmt: skip
        try:
            self._record = self._records.save(changed, self._record)
        except Moved as moved:
            if isinstance(moved.current, ImportRecord):
                self._check(moved.current)
            raise UsageError("another process is running this import") from moved

    @staticmethod
    def _check(record: ImportRecord) -> None:
        if record.status in {ImportStatus.UNDOING, ImportStatus.UNDONE}:
            raise UsageError(f"the import {record.id} was undone: --from-start begins a new one")


def new_id(now: datetime) -> str:
    """Return a new id. Ids sort by time."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def caller_identity(deployment: Deployment) -> str:
    """Return the ARN of the caller's AWS identity. If it is not known, print why and return ``unknown``."""
    try:
        arn: str = deployment.client("sts").get_caller_identity()["Arn"]
    except (ClientError, BotoCoreError) as error:
        code = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else type(error).__name__
        say(
            f"note: AWS did not return your identity ({code}), so the import's record says {UNKNOWN_IDENTITY}", err=True
        )
        return UNKNOWN_IDENTITY
    return arn
