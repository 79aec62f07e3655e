"""Operations on verified destination numbers: those that a sandbox account may send to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.moto_api._internal import mock_random

from ..exceptions import ConflictError, ValidationError
from ..utils import e164
from .account import idempotent
from .messages import MessageOperations
from .verified_destinations import VerifiedDestinationNumber

# How long a code is valid is not documented.
CODE_IS_VALID_FOR = timedelta(hours=24)


class VerificationOperations(MessageOperations):
    """The operations on verified destination numbers."""

    def _verified(self, reference: str) -> VerifiedDestinationNumber:
        numbers = self.verified_destination_numbers
        return self._find(numbers, VerifiedDestinationNumber, reference, "VerifiedDestinationNumberId")

    @idempotent
    def create_verified_destination_number(
        self,
        destination_phone_number: str,
        rcs_agent_id: str | None = None,
        tags: list[dict[str, str]] | None = None,
    ) -> VerifiedDestinationNumber:
        number = e164(destination_phone_number)
        if any(each.destination_phone_number == number for each in self.verified_destination_numbers.values()):
            raise ConflictError("RESOURCE_ALREADY_EXISTS", VerifiedDestinationNumber.resource_type, number)
        verified_id = f"vdn-{mock_random.get_random_hex(32)}"
        created = VerifiedDestinationNumber(
            verified_id,
            self.arn_of(VerifiedDestinationNumber.resource_type, verified_id),
            number,
            self.now(),
            rcs_agent_id=self.rcs_agent(rcs_agent_id).rcs_agent_id if rcs_agent_id else None,
            tags=tags,
        )
        self.verified_destination_numbers[verified_id] = created
        self._tag(created, tags)
        return created

    def send_destination_number_verification_code(
        self,
        verified_destination_number_id: str,
        verification_channel: str,
        origination_identity: str | None = None,
        configuration_set_name: str | None = None,
        context: dict[str, str] | None = None,
        **_unused: Any,
    ) -> dict[str, str]:
        """Send a new code, which is read back as an automatic text. The service's wording is not documented."""
        found = self._verified(verified_destination_number_id)
        if found.status == "VERIFIED":
            raise ConflictError("VERIFICATION_ALREADY_COMPLETE", found.resource_type, found.identifier)
        used = self.configuration_set(configuration_set_name) if configuration_set_name else None
        sender, _ = self.sender_for(verification_channel, origination_identity)
        found.code, found.code_sent_at = f"{mock_random.randrange(10**6):06}", self.now()
        sent = self.record_text(
            found.destination_phone_number,
            sender,
            f"Your verification code is {found.code}",
            origination_identity=origination_identity or sender.phone_number,
            message_type=sender.message_type,
            context=context or {},
            automatic=True,
            configuration_set=used.configuration_set_name if used else None,
            channel=verification_channel,
        )
        return {"MessageId": sent.message_id}

    def verify_destination_number(
        self, verified_destination_number_id: str, verification_code: str
    ) -> VerifiedDestinationNumber:
        found = self._verified(verified_destination_number_id)
        if found.status == "VERIFIED":
            raise ConflictError("VERIFICATION_ALREADY_COMPLETE", found.resource_type, found.identifier)
        if found.code is None or found.code_sent_at is None or found.code != verification_code:
            raise ValidationError(
                "VERIFICATION_CODE_MISMATCH", ("VerificationCode", "Not the code that was sent last.")
            )
        if self.now() - found.code_sent_at > CODE_IS_VALID_FOR:
            raise ConflictError("VERIFICATION_CODE_EXPIRED", found.resource_type, found.identifier)
        found.status = "VERIFIED"
        return found

    def describe_verified_destination_numbers(
        self,
        verified_destination_number_ids: list[str] | None = None,
        destination_phone_numbers: list[str] | None = None,
        filters: list[dict[str, Any]] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Return numbers; with ``destination_phone_numbers`` only those of them that exist."""
        wanted = [self._verified(each) for each in verified_destination_number_ids or ()]
        numbers = self.verified_destination_numbers
        if destination_phone_numbers:
            named = {e164(each) for each in destination_phone_numbers}
            numbers = {key: each for key, each in numbers.items() if each.destination_phone_number in named}
        found, token = self._describe(numbers, wanted, "verified_destination_number_id", filters, **options)
        return {"VerifiedDestinationNumbers": found, "NextToken": token}

    def delete_verified_destination_number(self, verified_destination_number_id: str) -> VerifiedDestinationNumber:
        found = self._verified(verified_destination_number_id)
        self._delete(self.verified_destination_numbers, found)
        return found
