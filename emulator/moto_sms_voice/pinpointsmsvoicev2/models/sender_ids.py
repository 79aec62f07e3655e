"""Operations on sender ids."""

from __future__ import annotations

from typing import Any

from ..exceptions import ConflictError, ResourceNotFoundError, ValidationError
from .account import Account, idempotent
from .originators import SenderId

# https://docs.aws.amazon.com/sms-voice/latest/userguide/phone-numbers-sms-by-country.html; other countries require a
# registration or do not support sender ids either, which is not emulated.
WITHOUT_SENDER_IDS = frozenset({"US"})


class SenderIdOperations(Account):
    """The operations on sender ids."""

    def _sender_id(self, reference: str, country: str) -> SenderId:
        for each in self.sender_ids.values():
            if reference in (each.sender_id, each.arn) and country == each.iso_country_code:
                return each
        raise ResourceNotFoundError(SenderId.resource_type, reference)

    @idempotent
    def request_sender_id(
        self,
        sender_id: str,
        iso_country_code: str,
        message_types: list[str] | None = None,
        deletion_protection_enabled: bool = False,
        tags: list[dict[str, str]] | None = None,
    ) -> SenderId:
        """Register a sender id. Without types, it is for transactional messages; the default is not documented."""
        if iso_country_code in WITHOUT_SENDER_IDS:
            raise ValidationError("SENDER_ID_NOT_SUPPORTED", ("IsoCountryCode", "Has no sender ids."))
        key = f"{sender_id}/{iso_country_code}"
        if key in self.sender_ids:
            raise ConflictError("RESOURCE_ALREADY_EXISTS", SenderId.resource_type, key)
        arn = self.arn_of(SenderId.resource_type, key)
        types = message_types or ["TRANSACTIONAL"]
        created = SenderId(
            arn,
            sender_id,
            iso_country_code,
            types,
            deletion_protection_enabled=deletion_protection_enabled,
            tags=tags,
        )
        self.sender_ids[key] = created
        self._tag(created, tags)
        return created

    def update_sender_id(
        self, sender_id: str, iso_country_code: str, deletion_protection_enabled: bool | None = None
    ) -> SenderId:
        found = self._sender_id(sender_id, iso_country_code)
        if deletion_protection_enabled is not None:
            found.deletion_protection_enabled = deletion_protection_enabled
        return found

    def describe_sender_ids(
        self,
        sender_ids: list[dict[str, str]] | None = None,
        filters: list[dict[str, Any]] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        wanted = [self._sender_id(each["SenderId"], each["IsoCountryCode"]) for each in sender_ids or ()]
        found, token = self._describe(self.sender_ids, wanted, "identifier", filters, **options)
        return {"SenderIds": found, "NextToken": token}

    def release_sender_id(self, sender_id: str, iso_country_code: str) -> SenderId:
        """Release a sender id. One in a pool is refused."""
        found = self._sender_id(sender_id, iso_country_code)
        if any(found.identifier in pool.sender_ids for pool in self.pools.values()):
            raise ConflictError("SENDER_ID_ASSOCIATED_TO_POOL", found.resource_type, found.identifier)
        self._delete(self.sender_ids, found)
        return found
