"""Changing a table's settings to those of a ledger, one after the other, and waiting for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sms_consent.domain.errors import TryAgain
from sms_consent_cli.commands.ledger.table import (
    INDEX,
    STREAM_VIEW,
    TTL_ATTRIBUTE,
    MissingSetting,
    Need,
    TableSettings,
    read_settings,
)
from sms_consent_cli.shared.usage_error import UsageError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from sms_consent.domain.ports import Clock

__all__ = ["NotReady", "Preparation", "usable_key"]

POLL = 5.0
"""Seconds between polls. A restore or a new index takes minutes to hours."""
SAMPLE = 200
"""Items that are read to distinguish a ledger from another application's table with the same keys."""
_NOT_YET = frozenset({"ContinuousBackupsUnavailableException", "LimitExceededException", "ResourceInUseException"})
"""DynamoDB makes one change at a time, and enables recovery only some minutes after a table was created."""
_NUMBER = re.compile(r"\+?[0-9]{2,19}")
_UNDER_NUMBERS = ("LIST#", "DECISION#", "ANSWER#", "DRIFT#", "REJECTED#")
_OTHERS = ("SENDER#", "REQUEST#", "RECONCILE", "BUDGET#", "TURN#")
_EXACTLY = frozenset({"SENDERS", "LISTS", "OVERDUE", "RETENTION", "CONNECTED"})


class NotReady(TryAgain):
    """DynamoDB has not finished a change within the time to wait."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """The preparation of one table. ``notice`` is called with each change and each wait."""

    client: DynamoDBClient
    table: str
    key_arn: str | None
    clock: Clock
    patience: timedelta
    notice: Callable[[str], None]

    def check(self) -> tuple[TableSettings, list[MissingSetting]]:
        """Return the settings and what is missing. Raises UsageError for a table that is not a ledger or cannot become one."""
        settings = self._settings()
        if (why := settings.incompatibility()) is not None:
            raise UsageError(f"{self.table} is not a ledger of sms-consent: {why}")
        if settings.table["TableStatus"] in {"ACTIVE", "UPDATING"} and not self._holds_a_ledger():
            raise UsageError(
                f"{self.table} is not a ledger of sms-consent: none of its first items belongs to a ledger. "
                "Give the table of the old stack's output LedgerTableName, or one that was restored from it."
            )
        missing_settings = list(settings.missing_settings(self.key_arn))
        for missing in missing_settings:
            if missing.blocked is not None:
                raise UsageError(f"{self.table} {missing.message}: {missing.blocked}")
        if self.key_arn is None and any(missing.need is Need.ENCRYPTION for missing in missing_settings):
            raise UsageError(
                f"{self.table} is encrypted with a key that DynamoDB owns, and a stack needs one of this account: give --key"
            )
        return settings, missing_settings

    def wait(self) -> TableSettings:
        """Wait until DynamoDB has finished changing the table. Raises NotReady."""
        reported, until = None, self.clock.now() + self.patience
        while (busy := (settings := self._settings()).busy) is not None:
            if self.clock.now() >= until:
                raise NotReady(f"{busy} after {self.patience}: run this again later, it continues from there")
            if busy != reported:
                self.notice(f"waiting: {busy}")
                reported = busy
            self.clock.sleep(POLL)
        return settings

    def make(self, missing: MissingSetting) -> None:
        """Change one setting, and wait until it is active. Raises NotReady, ClientError or BotoCoreError."""
        self.notice(f"{missing.need}: {missing.change}")
        until = self.clock.now() + self.patience
        while True:
            self.wait()
            try:
                self._change(missing.need)
            except ClientError as error:
                code = error.response["Error"].get("Code")
                if code not in _NOT_YET or self.clock.now() >= until:
                    raise
                self.clock.sleep(POLL)
            else:
                self.wait()
                return

    def _settings(self) -> TableSettings:
        settings = read_settings(self.client, self.table)
        if settings is None:
            raise UsageError(f"there is no table {self.table} in this account and region")
        return settings

    def _holds_a_ledger(self) -> bool:
        page = self.client.scan(TableName=self.table, Limit=SAMPLE, ProjectionExpression="pk, sk")
        if not page["Items"]:
            self.notice("the table is empty: it holds no consent")
            return True
        # Any, not all: a newer version may have added kinds of items that this one does not know.
        return any(_is_ours(item) for item in page["Items"])

    def _change(self, need: Need) -> None:
        match need:
            case Need.ENCRYPTION:
                self.client.update_table(
                    TableName=self.table,
                    # ``check`` refuses a table without a key, unless one is given.
                    SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": self.key_arn or ""},
                )
            case Need.BILLING:
                self.client.update_table(TableName=self.table, BillingMode="PAY_PER_REQUEST")
            case Need.INDEX:
                self._create_index()
            case Need.STREAM:
                self.client.update_table(
                    TableName=self.table,
                    StreamSpecification={"StreamEnabled": True, "StreamViewType": STREAM_VIEW},
                )
            case Need.TIME_TO_LIVE:
                self.client.update_time_to_live(
                    TableName=self.table,
                    TimeToLiveSpecification={"AttributeName": TTL_ATTRIBUTE, "Enabled": True},
                )
            case Need.RECOVERY:
                self.client.update_continuous_backups(
                    TableName=self.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                )
            case Need.PROTECTION:
                self.client.update_table(TableName=self.table, DeletionProtectionEnabled=True)

    def _create_index(self) -> None:
        self.client.update_table(
            TableName=self.table,
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "due", "due_at")
            ],
            GlobalSecondaryIndexUpdates=[
                {
                    "Create": {
                        "IndexName": INDEX,
                        "KeySchema": [
                            {"AttributeName": "due", "KeyType": "HASH"},
                            {"AttributeName": "due_at", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                }
            ],
        )


def usable_key(kms: Any, key: str) -> str:
    """Return the ARN of a key that a table can be encrypted with. Raises UsageError, ClientError or BotoCoreError."""
    try:
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"].get("Code") not in {"NotFoundException", "InvalidArnException"}:
            raise
        raise UsageError(f"there is no key {key} in this account and region") from error
    if found.get("KeyManager") == "AWS":
        raise UsageError(f"{key} is a key that AWS manages: the stack's topic and queues cannot be allowed to use it")
    if found.get("KeyState") != "Enabled":
        raise UsageError(f"the key {key} is {found.get('KeyState')}, not Enabled")
    if found.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        raise UsageError(f"the key {key} is {found['KeySpec']}: DynamoDB, SQS and SNS need a symmetric one")
    return str(found["Arn"])


def _is_ours(item: Mapping[str, Any]) -> bool:
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    if sk.startswith(_UNDER_NUMBERS):
        return _NUMBER.fullmatch(pk) is not None
    return pk.startswith(_OTHERS) or pk in _EXACTLY
