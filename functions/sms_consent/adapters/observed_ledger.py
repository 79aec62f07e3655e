"""A ledger whose every write is looked at, once it stands, for what an operator should know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.domain.consent import Consent
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.operational_events import OperationalEvent, of_consent, of_letter
from sms_consent.domain.ports import Clock
from sms_consent.domain.reply import ReplyThread

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["ObservedLedger"]


class ObservedLedger(DynamoLedger):
    """Tells ``observe`` what its writes bring about."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        clock: Clock,
        observe: Callable[[OperationalEvent], None],
        names: ListNames | None = None,
        listed_by_arn: Iterable[str] = (),
        *,
        looks_further: bool = True,
    ) -> None:
        super().__init__(client, table, names, listed_by_arn, looks_further=looks_further)
        self._clock = clock
        self._observe = observe

    def save(self, consent: Consent, replacing: Consent | None) -> None:
        """As it is written, and then told."""
        super().save(consent, replacing)
        for fact in of_consent(replacing, consent, self._clock.now()):
            self._observe(fact)

    def save_letter(self, key: str, letter: ReplyThread, replacing: ReplyThread | None) -> None:
        """Likewise."""
        super().save_letter(key, letter, replacing)
        for fact in of_letter(replacing, letter, self._clock.now()):
            self._observe(fact)
