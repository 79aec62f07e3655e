"""Operations on origination phone numbers."""

from __future__ import annotations

from typing import Any

from moto.moto_api._internal import mock_random

from .client_tokens import ClientTokens
from .exceptions import ConflictError, ResourceNotFoundError
from .fictional_numbers import fictional_numbers, preferred
from .filters import filtered
from .opt_out_lists import DEFAULT_LIST, OptOutListBackend
from .opted_out_numbers import PHONE_NUMBER, e164
from .originators import PhoneNumber, TwoWay
from .references import name_in

RESOURCE_TYPE = "phone-number"


class PhoneNumberBackend(OptOutListBackend):
    """The operations on origination phone numbers."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._number_tokens: ClientTokens[PhoneNumber] = ClientTokens()
        self.phone_numbers: dict[str, PhoneNumber] = {}

    def phone_number(self, reference: str, field_name: str = "PhoneNumberId") -> PhoneNumber:
        """Return the phone number with that id or ARN."""
        phone_id = name_in(reference, RESOURCE_TYPE, self.arn(""), field_name)
        try:
            return self.phone_numbers[phone_id]
        except KeyError:
            raise ResourceNotFoundError(RESOURCE_TYPE, reference) from None

    def by_number(self, number: str) -> PhoneNumber | None:
        """Return the phone number resource of a number, if there is one."""
        spellings = (number, e164(number))
        return next((one for one in self.phone_numbers.values() if one.phone_number in spellings), None)

    def is_list_used(self, name: str) -> bool:
        return any(number.opt_out_list_name == name for number in self.phone_numbers.values())

    def add_phone_number(
        self,
        phone_number: str,
        two_way_channel_arn: str | None = None,
        self_managed_opt_outs: bool = False,
        opt_out_list_name: str = DEFAULT_LIST,
        iso_country_code: str = "US",
        number_type: str = "LONG_CODE",
        message_type: str = "TRANSACTIONAL",
    ) -> PhoneNumber:
        """Add a number of the test's choice, which RequestPhoneNumber does not allow.

        A number with a channel is two-way.
        """
        if not PHONE_NUMBER.fullmatch(phone_number):
            raise ValueError("Not a phone number by the service model's pattern.")
        with self.lock:
            if self.by_number(phone_number):
                raise ConflictError("RESOURCE_ALREADY_EXISTS", RESOURCE_TYPE, phone_number)
            settings = TwoWay().changed(
                {
                    "opt_out_list_name": self.opt_out_list(opt_out_list_name).opt_out_list_name,
                    "two_way_enabled": two_way_channel_arn is not None,
                    "two_way_channel_arn": two_way_channel_arn,
                    "self_managed_opt_outs_enabled": self_managed_opt_outs,
                }
            )
            added = self._add(
                phone_number=phone_number if number_type == "SHORT_CODE" else e164(phone_number),
                iso_country_code=iso_country_code,
                number_type=number_type,
                message_type=message_type,
            )
            added.take_over(settings)
            return added

    def _add(self, **attributes: Any) -> PhoneNumber:
        phone_id = f"phone-{mock_random.get_random_hex(32)}"
        added = PhoneNumber(
            phone_number_id=phone_id,
            phone_number_arn=self.arn(f"{RESOURCE_TYPE}/{phone_id}"),
            created_timestamp=self.now(),
            **attributes,
        )
        self.phone_numbers[phone_id] = added
        return added

    # --- operations

    def request_phone_number(
        self,
        iso_country_code: str,
        number_type: str,
        opt_out_list_name: str = DEFAULT_LIST,
        number_preference: list[dict[str, Any]] | None = None,
        client_token: str | None = None,
        **attributes: Any,
    ) -> PhoneNumber:
        """Assign a number reserved for fiction, ACTIVE at once. A preference chooses among those numbers."""
        parameters = (iso_country_code, number_type, opt_out_list_name, number_preference, attributes)
        earlier = self._number_tokens.earlier(client_token, parameters)
        if earlier:
            return earlier
        list_name = self.opt_out_list(opt_out_list_name).opt_out_list_name
        taken = {number.phone_number for number in self.phone_numbers.values()}
        for number in fictional_numbers(iso_country_code, number_type):
            if number not in taken and preferred(number, number_preference):
                break
        else:
            raise ResourceNotFoundError(RESOURCE_TYPE, iso_country_code)
        added = self._add(
            phone_number=number,
            iso_country_code=iso_country_code,
            number_type=number_type,
            opt_out_list_name=list_name,
            **attributes,
        )
        self.tagger.tag_resource(added.phone_number_arn, added.tags or [])
        self._number_tokens.keep(client_token, parameters, added)
        return added

    def update_phone_number(self, phone_number_id: str, **changes: Any) -> PhoneNumber:
        """Update a number. A number in a pool can only be changed through its pool."""
        found = self.phone_number(phone_number_id)
        if found.pool_id:
            raise ConflictError("PHONE_NUMBER_ASSOCIATED_TO_POOL", RESOURCE_TYPE, found.phone_number_id)
        if changes.get("opt_out_list_name"):
            changes["opt_out_list_name"] = self.opt_out_list(changes["opt_out_list_name"]).opt_out_list_name
        found.take_over(found.changed(changes))
        for name in ("international_sending_enabled", "deletion_protection_enabled"):
            if changes.get(name) is not None:
                setattr(found, name, changes[name])
        return found

    def describe_phone_numbers(
        self,
        phone_number_ids: list[str] | None = None,
        filters: list[dict[str, Any]] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
        owner: str = "SELF",
    ) -> dict[str, Any]:
        wanted = sorted({self.phone_number(one, "PhoneNumberIds").phone_number_id for one in phone_number_ids or ()})
        ids = [] if owner == "SHARED" else wanted or sorted(self.phone_numbers)
        numbers, token = self.paginator.page(
            ["phone-numbers", wanted, filters, owner],
            ids,
            filtered(self.phone_numbers.__getitem__, filters),
            max_results,
            next_token,
        )
        return {"PhoneNumbers": numbers, "NextToken": token}

    def release_phone_number(self, phone_number_id: str) -> PhoneNumber:
        found = self.phone_number(phone_number_id)
        if found.deletion_protection_enabled:
            raise ConflictError("DELETION_PROTECTION_ENABLED", RESOURCE_TYPE, found.phone_number_id)
        if found.pool_id:
            raise ConflictError("PHONE_NUMBER_ASSOCIATED_TO_POOL", RESOURCE_TYPE, found.phone_number_id)
        del self.phone_numbers[found.phone_number_id]
        self._number_tokens.forget(found)
        self.tagger.delete_all_tags_for_resource(found.phone_number_arn)
        found.status = "DELETED"
        return found
