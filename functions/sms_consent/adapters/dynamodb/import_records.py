"""The records of imports: one item each, all in one partition, sorted by id. Ids begin with the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sms_consent.adapters.dynamodb import items
from sms_consent.adapters.dynamodb.codec import (
    decode,
    encode,
    from_attributes,
    integer,
    key_of,
    mapping,
    member,
    moment,
    register,
    text,
    to_attributes,
)
from sms_consent.adapters.dynamodb.pages import pages
from sms_consent.adapters.error_mapping import ConditionFailed, translated
from sms_consent.domain.errors import Moved
from sms_consent.domain.import_record import UNKNOWN_IDENTITY, ImportRecord, ImportStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoImportRecords"]

IMPORTS = "IMPORTS"
PAGE = 500


class DynamoImportRecords:
    """The records of imports. Methods raise TryAgain or Rejected."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def save(self, record: ImportRecord, replacing: ImportRecord | None) -> ImportRecord:
        """Write a record if ``replacing`` (None: nothing) is still stored, and return it as it is stored.

        Raises Moved with what is stored otherwise.
        """
        record = replace(record, revision=replacing.revision + 1 if replacing is not None else 1)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if replacing is not None:
            condition = {
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": to_attributes({":revision": replacing.revision}),
            }
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=encode(record),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
        except ConditionFailed as failed:
            stored = decode(ImportRecord, from_attributes(failed.item)) if failed.item else None
            if stored != record:  # botocore may repeat a write that had succeeded
                raise Moved(stored) from failed
        return record

    def get(self, import_id: str) -> ImportRecord | None:
        """Return a record by its id. Makes one consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=key_of(ImportRecord, id=import_id), ConsistentRead=True
            )
        return decode(ImportRecord, from_attributes(answer["Item"])) if "Item" in answer else None

    def all(self) -> list[ImportRecord]:
        """Return every record, oldest first."""
        found = pages(
            self._client.query,
            TableName=self._table,
            KeyConditionExpression="pk = :imports",
            ExpressionAttributeValues={":imports": {"S": IMPORTS}},
            ConsistentRead=True,
            Limit=PAGE,
        )
        return [decode(ImportRecord, from_attributes(item)) for page in found for item in page["Items"]]

    def numbers_of(self, import_id: str) -> Iterator[tuple[str, str]]:
        """Yield the number and list of each decision of an import, unordered; a pair may come repeatedly.

        Scans the table, which has no index of decisions. A decision may still be in the outbox of its consent.
        """
        for page in pages(
            self._client.scan,
            TableName=self._table,
            FilterExpression="import_id = :id OR #outbox.import_id = :id",
            ProjectionExpression="pk, sk, list_name, #outbox.list_name",
            ExpressionAttributeNames={"#outbox": "outbox"},
            ExpressionAttributeValues={":id": {"S": import_id}},
            ConsistentRead=True,
            Limit=PAGE,
        ):
            for item in map(from_attributes, page["Items"]):
                if item["sk"].startswith(items.LIST):
                    yield item["pk"], item["sk"].removeprefix(items.LIST)
                elif item["sk"].startswith(items.DECISION) and "list_name" in item:
                    yield item["pk"], item["list_name"]


register(
    ImportRecord,
    key=(IMPORTS, "{id}"),
    names={"id": "sk"},
    fields={
        "id": text,
        "identity": text,
        "file_name": text,
        "sha256": text,
        "begun_at": moment,
        "status": member(ImportStatus),
        "options": mapping(text),
        "columns": mapping(text),
        "counts": mapping(integer),
        "updated_at": moment,
        "finished_at": moment,
        "undone_at": moment,
        "undone_by": text,
        "undone": mapping(integer),
        "revision": integer,
    },
    stand_ins={
        "identity": UNKNOWN_IDENTITY,
        "file_name": "",
        "sha256": "",
        "begun_at": items.LONG_AGO,
        "status": ImportStatus.UNKNOWN.value,
    },
    ignored=(items.EXPIRES,),
)
