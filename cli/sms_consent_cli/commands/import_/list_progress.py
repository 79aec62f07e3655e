"""Waiting until the opt-out list has every opt-out of an imported file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from sms_consent.adapters.dynamodb.batch_read import MOST, consents_by_key
from sms_consent.domain.decision import Asked
from sms_consent.domain.ports import Clock
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.row import ColumnSettings, ImportRow, InvalidRow
from sms_consent_cli.shared.delimited_file import DelimitedRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["followed"]

PAUSE = 10.0
"""Seconds between polls; the time that a hundred numbers take at AWS's default rate."""
HOPELESS = 10
"""Failed list calls for a number, after which this command no longer waits for it; sweep continues."""


def followed(
    file: NumberFile, settings: ColumnSettings, *, client: DynamoDBClient, table: str, clock: Clock
) -> Iterator[int]:
    """Yield after each poll how many of the file's opt-outs are on the list. Raises TryAgain."""
    rows = _opt_outs(file, settings)
    done = 0
    while window := list(islice(rows, MOST)):
        while window:
            found = consents_by_key(client, table, [(row.number, row.list_name) for row in window], clock)
            standing = [(row, found.get((row.number, row.list_name))) for row in window]
            waiting = [(row, consent) for row, consent in standing if consent is not None and not consent.settled]
            done += len(window) - len(waiting)
            yield done
            window = [row for row, consent in waiting if consent.attempts < HOPELESS]
            if window:
                clock.sleep(PAUSE)


def _opt_outs(file: NumberFile, settings: ColumnSettings) -> Iterator[ImportRow]:
    for found in file.rows():
        if not isinstance(found, DelimitedRecord):
            continue
        try:
            row = ImportRow.of(found.cells, settings)
        except InvalidRow:
            continue
        if row.asked is Asked.OPT_OUT:
            yield row
