"""Operations on origination phone numbers."""

from __future__ import annotations

from typing import Any

from moto.moto_api._internal import mock_random

from ..exceptions import ConflictError, ResourceNotFoundError
from ..fictional_numbers import fictional_numbers, preferred
from ..utils import PHONE_NUMBER, e164
from .account import Account, idempotent
from .originators import DEFAULT_LIST, PhoneNumber, TwoWay

CAPABILITIES = {"SMS", "VOICE", "MMS", "RCS"}


class PhoneNumberOperations(Account):
    """The operations on origination phone numbers."""

    def add_phone_number(
        self,
        phone_number: str,
        two_way_channel_arn: str | None = None,
        self_managed_opt_outs: bool = False,
        opt_out_list_name: str = DEFAULT_LIST,
        iso_country_code: str = "US",
        number_type: str = "LONG_CODE",
        message_type: str = "TRANSACTIONAL",
        number_capabilities: list[str] | None = None,
    ) -> PhoneNumber:
        """Add a number of the test's choice, which RequestPhoneNumber does not allow.

        A number with a channel is two-way. ``number_capabilities``: SMS unless given.
        """
        if not set(number_capabilities or ()) <= CAPABILITIES:
            raise ValueError(f"A capability is one of {', '.join(sorted(CAPABILITIES))}.")
        if not PHONE_NUMBER.fullmatch(phone_number):
            raise ValueError("Not a phone number by the service model's pattern.")
        with self.lock:
            if self.by_number(phone_number):
                raise ConflictError("RESOURCE_ALREADY_EXISTS", PhoneNumber.resource_type, phone_number)
            settings = TwoWay.of(
                self.opt_out_list(opt_out_list_name).opt_out_list_name, two_way_channel_arn, self_managed_opt_outs
            )
            added = self._add_number(
                phone_number=phone_number if number_type == "SHORT_CODE" else e164(phone_number),
                iso_country_code=iso_country_code,
                number_type=number_type,
                message_type=message_type,
                number_capabilities=number_capabilities or ["SMS"],
            )
            added.take_over(settings)
            return added

    def _add_number(self, **attributes: Any) -> PhoneNumber:
        phone_id = f"phone-{mock_random.get_random_hex(32)}"
        added = PhoneNumber(
            phone_number_id=phone_id,
            phone_number_arn=self.arn_of(PhoneNumber.resource_type, phone_id),
            created_timestamp=self.now(),
            **attributes,
        )
        self.phone_numbers[phone_id] = added
        return added

    @idempotent
    def request_phone_number(
        self,
        iso_country_code: str,
        number_type: str,
        message_type: str,
        opt_out_list_name: str = DEFAULT_LIST,
        number_preference: list[dict[str, Any]] | None = None,
        pool_id: str | None = None,
        registration_id: str | None = None,
        **attributes: Any,
    ) -> PhoneNumber:
        """Assign a number reserved for fiction, ACTIVE at once. A preference chooses among those numbers.

        With a pool, the number gets the pool's settings. No registration exists: the operations are not implemented.
        """
        if registration_id is not None:
            raise ResourceNotFoundError("registration", registration_id)
        pool = self.pool(pool_id) if pool_id else None
        if pool and message_type != pool.message_type:
            raise ConflictError("MESSAGE_TYPE_MISMATCH", pool.resource_type, pool.pool_id)
        list_name = self.opt_out_list(opt_out_list_name).opt_out_list_name
        taken = {number.phone_number for number in self.phone_numbers.values()}
        for number in fictional_numbers(iso_country_code, number_type):
            if number not in taken and preferred(number, number_preference):
                break
        else:
            raise ResourceNotFoundError(PhoneNumber.resource_type, iso_country_code)
        added = self._add_number(
            phone_number=number,
            iso_country_code=iso_country_code,
            number_type=number_type,
            message_type=message_type,
            opt_out_list_name=list_name,
            **attributes,
        )
        self._tag(added, added.tags)
        if pool:
            added.pool_id = pool.pool_id
            added.take_over(pool)
        return added

    def update_phone_number(self, phone_number_id: str, **changes: Any) -> PhoneNumber:
        """Update a number. A number in a pool can only be changed through its pool."""
        found = self.phone_number(phone_number_id)
        self._refuse_in_pool(found)
        found.update(self._with_list_name(changes), "international_sending_enabled", "deletion_protection_enabled")
        return found

    def describe_phone_numbers(self, phone_number_ids: list[str] | None = None, **options: Any) -> dict[str, Any]:
        wanted = [self.phone_number(one, "PhoneNumberIds") for one in phone_number_ids or ()]
        numbers, token = self._describe(self.phone_numbers, wanted, "phone_number_id", **options)
        return {"PhoneNumbers": numbers, "NextToken": token}

    def release_phone_number(self, phone_number_id: str) -> PhoneNumber:
        found = self.phone_number(phone_number_id)
        self._delete(self.phone_numbers, found)
        found.status = "DELETED"
        return found
