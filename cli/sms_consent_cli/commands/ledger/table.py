"""The settings of a DynamoDB table, and which settings of a ledger are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["INDEX", "KEYS", "STREAM_VIEW", "TTL_ATTRIBUTE", "MissingSetting", "Need", "TableSettings", "read_settings"]

KEYS = {"pk": "HASH", "sk": "RANGE"}
INDEX, INDEX_KEYS = "due", {"due": "HASH", "due_at": "RANGE"}
STREAM_VIEW: Literal["NEW_AND_OLD_IMAGES"] = "NEW_AND_OLD_IMAGES"
TTL_ATTRIBUTE = "expires"
"""The settings of LedgerTable in template.yaml; tests/integration/dynamodb compares them."""


class Need(StrEnum):
    """A setting that a ledger's table must have, in the order in which ``ledger prepare`` makes them."""

    ENCRYPTION = "encryption"
    BILLING = "billing"
    INDEX = "index"
    STREAM = "stream"
    TIME_TO_LIVE = "time to live"
    RECOVERY = "point-in-time recovery"
    PROTECTION = "deletion protection"


@dataclass(frozen=True, slots=True)
class MissingSetting:
    """A missing setting. ``blocked`` says why it cannot be changed directly, and what to do."""

    need: Need
    message: str
    change: str
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class TableSettings:
    """The settings of a table, as DynamoDB describes them."""

    table: Mapping[str, Any]  # the answer of DescribeTable
    ttl: Mapping[str, Any]
    recovery: str

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.table["TableName"])

    @property
    def arn(self) -> str:
        """The table's ARN."""
        return str(self.table["TableArn"])

    @property
    def stream_arn(self) -> str | None:
        """The ARN of the stream, if it is on."""
        on = self.table.get("StreamSpecification", {}).get("StreamEnabled", False)
        return self.table.get("LatestStreamArn") if on else None

    @property
    def key_arn(self) -> str | None:
        """The KMS key; None for a key that DynamoDB itself owns."""
        arn: str | None = self.table.get("SSEDescription", {}).get("KMSMasterKeyArn")
        return arn

    @property
    def busy(self) -> str | None:
        """The change that DynamoDB is making, during which it refuses others; None if there is none."""
        if self.table["TableStatus"] != "ACTIVE":
            return f"the table is {self.table['TableStatus']}"
        if self.table.get("SSEDescription", {}).get("Status") in {"ENABLING", "UPDATING"}:
            return "its key is being changed"
        for index in self._indexes:
            if index.get("IndexStatus", "ACTIVE") != "ACTIVE":
                return f"the index {index['IndexName']} is {index['IndexStatus']}"
        return None

    @property
    def _indexes(self) -> list[Mapping[str, Any]]:
        return list(self.table.get("GlobalSecondaryIndexes", []))

    def incompatibility(self) -> str | None:
        """Return why the table's keys are not those of a ledger, or None."""
        types = {each["AttributeName"]: each["AttributeType"] for each in self.table["AttributeDefinitions"]}
        if _schema(self.table) == KEYS and all(types.get(name) == "S" for name in KEYS):
            return None
        found = ", ".join(f"{name} ({types.get(name)}, {kind})" for name, kind in _schema(self.table).items())
        return f"its keys are {found}, and a ledger's are pk (S, HASH), sk (S, RANGE)"

    def missing_settings(self, key_arn: str | None) -> Iterator[MissingSetting]:
        """Yield the missing settings. ``key_arn`` is the required encryption key, if it is known."""
        if self.key_arn is None or (key_arn is not None and self.key_arn != key_arn):
            yield MissingSetting(
                Need.ENCRYPTION,
                f"is encrypted with {self.key_arn or 'a key that DynamoDB owns'}"
                + (f", not with {key_arn}" if key_arn else ""),
                f"encrypt with {key_arn}",
            )
        # DynamoDB leaves the summary out for tables that were created with provisioned capacity.
        if self.table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED") != "PAY_PER_REQUEST":
            yield MissingSetting(
                Need.BILLING, "has provisioned capacity, which can be exceeded", "change to on-demand capacity"
            )
        yield from self._index()
        yield from self._stream()
        yield from self._time_to_live()
        if self.recovery not in {"ENABLED", "ENABLING"}:
            yield MissingSetting(Need.RECOVERY, "has no point-in-time recovery", "turn on")
        if not self.table.get("DeletionProtectionEnabled", False):
            yield MissingSetting(Need.PROTECTION, "has no deletion protection", "turn on")

    def _index(self) -> Iterator[MissingSetting]:
        index = next((each for each in self._indexes if each["IndexName"] == INDEX), None)
        if index is None:
            yield MissingSetting(Need.INDEX, f"has no index {INDEX}, by which due work is found", f"create {INDEX}")
        elif _schema(index) != INDEX_KEYS or index["Projection"]["ProjectionType"] != "ALL":
            yield MissingSetting(
                Need.INDEX, f"has an index {INDEX} with other keys or without all attributes", f"create {INDEX}",
                blocked=f"delete the index {INDEX} of this table first",
            )  # fmt: skip

    def _stream(self) -> Iterator[MissingSetting]:
        view = self.table.get("StreamSpecification", {}).get("StreamViewType")
        if self.stream_arn is None:
            yield MissingSetting(Need.STREAM, "has no stream, so no event is published", f"turn on with {STREAM_VIEW}")
        elif view != STREAM_VIEW:
            yield MissingSetting(
                Need.STREAM, f"has a stream with {view} in place of {STREAM_VIEW}", f"turn on with {STREAM_VIEW}",
                blocked="turn its stream off first, if nothing else reads it",
            )  # fmt: skip

    def _time_to_live(self) -> Iterator[MissingSetting]:
        status, attribute = self.ttl.get("TimeToLiveStatus", "DISABLED"), self.ttl.get("AttributeName")
        if status in {"ENABLED", "ENABLING"} and attribute == TTL_ATTRIBUTE:
            return
        blocked = None
        if status != "DISABLED":
            blocked = f"its time to live is {status} on {attribute}: turn that off, which takes up to an hour, and run this again"
        message = f"has no time to live on {TTL_ATTRIBUTE}, so it keeps what should expire"
        yield MissingSetting(Need.TIME_TO_LIVE, message, f"turn on for {TTL_ATTRIBUTE}", blocked)


def read_settings(client: DynamoDBClient, table: str) -> TableSettings | None:
    """Return the table's settings, or None if there is no such table. Raises ClientError or BotoCoreError."""
    try:
        described = client.describe_table(TableName=table)["Table"]
    except ClientError as error:
        if error.response["Error"].get("Code") != "ResourceNotFoundException":
            raise
        return None
    ttl = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "DISABLED")
    return TableSettings(described, ttl, recovery)


def _schema(part: Mapping[str, Any]) -> dict[str, str]:
    return {each["AttributeName"]: each["KeyType"] for each in part["KeySchema"]}
