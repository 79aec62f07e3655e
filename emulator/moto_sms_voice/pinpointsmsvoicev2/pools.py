"""Operations on pools. The settings of a pool apply to its numbers."""

from __future__ import annotations

from typing import Any

from moto.moto_api._internal import mock_random

from .client_tokens import ClientTokens
from .exceptions import ConflictError, ResourceNotFoundError, ValidationError
from .filters import filtered
from .originators import PhoneNumber, Pool
from .phone_numbers import RESOURCE_TYPE as PHONE_NUMBER
from .phone_numbers import PhoneNumberBackend
from .references import name_in

RESOURCE_TYPE = "pool"


class PoolBackend(PhoneNumberBackend):
    """The operations on pools."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._pool_tokens: ClientTokens[Pool] = ClientTokens()
        self.pools: dict[str, Pool] = {}

    def pool(self, reference: str, field_name: str = "PoolId") -> Pool:
        """Return the pool with that id or ARN."""
        pool_id = name_in(reference, RESOURCE_TYPE, self.arn(""), field_name)
        try:
            return self.pools[pool_id]
        except KeyError:
            raise ResourceNotFoundError(RESOURCE_TYPE, reference) from None

    def phone_or_pool(self, reference: str) -> PhoneNumber | Pool:
        """Return the phone number or pool of an origination identity, told apart by the id."""
        name = reference.rpartition(":")[2].removeprefix(f"{RESOURCE_TYPE}/")
        if name.startswith("pool-"):
            return self.pool(reference, "OriginationIdentity")
        return self.phone_number(reference, "OriginationIdentity")

    def numbers_in(self, pool: Pool) -> list[PhoneNumber]:
        return [number for number in self.phone_numbers.values() if number.pool_id == pool.pool_id]

    def is_list_used(self, name: str) -> bool:
        return super().is_list_used(name) or any(pool.opt_out_list_name == name for pool in self.pools.values())

    # --- operations

    def request_phone_number(self, *args: Any, pool_id: str | None = None, **parameters: Any) -> PhoneNumber:
        """Assign a number. With a pool, it gets the pool's settings."""
        pool = self.pool(pool_id) if pool_id else None
        if pool and parameters["message_type"] != pool.message_type:
            raise ConflictError("MESSAGE_TYPE_MISMATCH", RESOURCE_TYPE, pool.pool_id)
        requested = super().request_phone_number(*args, **parameters)
        if pool:
            requested.pool_id = pool.pool_id
            requested.take_over(pool)
        return requested

    def create_pool(
        self,
        origination_identity: str,
        message_type: str,
        iso_country_code: str | None = None,
        deletion_protection_enabled: bool = False,
        tags: list[dict[str, str]] | None = None,
        client_token: str | None = None,
    ) -> Pool:
        """Create a pool. It inherits its first number's settings, except deletion protection."""
        parameters = (origination_identity, message_type, iso_country_code, deletion_protection_enabled, tags)
        earlier = self._pool_tokens.earlier(client_token, parameters)
        if earlier:
            return earlier
        first = self.phone_number(origination_identity, "OriginationIdentity")
        if first.pool_id:
            raise ConflictError("PHONE_NUMBER_ASSOCIATED_TO_POOL", PHONE_NUMBER, first.phone_number_id)
        if first.message_type != message_type:
            raise ConflictError("MESSAGE_TYPE_MISMATCH", PHONE_NUMBER, first.phone_number_id)
        if iso_country_code not in (None, first.iso_country_code):
            raise ValidationError("COUNTRY_CODE_MISMATCH", ("IsoCountryCode", "Must be the origination identity's."))
        pool_id = f"pool-{mock_random.get_random_hex(32)}"
        created = Pool(
            pool_id=pool_id,
            pool_arn=self.arn(f"{RESOURCE_TYPE}/{pool_id}"),
            message_type=message_type,
            deletion_protection_enabled=deletion_protection_enabled,
            tags=tags,
            created_timestamp=self.now(),
        )
        created.take_over(first)
        first.pool_id = pool_id
        self.pools[pool_id] = created
        self.tagger.tag_resource(created.pool_arn, tags or [])
        self._pool_tokens.keep(client_token, parameters, created)
        return created

    def update_pool(self, pool_id: str, **changes: Any) -> Pool:
        """Update a pool and the settings of its numbers, which cannot be changed individually."""
        found = self.pool(pool_id)
        if changes.get("opt_out_list_name"):
            changes["opt_out_list_name"] = self.opt_out_list(changes["opt_out_list_name"]).opt_out_list_name
        found.take_over(found.changed(changes))
        for name in ("shared_routes_enabled", "deletion_protection_enabled"):
            if changes.get(name) is not None:
                setattr(found, name, changes[name])
        for number in self.numbers_in(found):
            number.take_over(found)
        return found

    def describe_pools(
        self,
        pool_ids: list[str] | None = None,
        filters: list[dict[str, Any]] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
        owner: str = "SELF",
    ) -> dict[str, Any]:
        wanted = sorted({self.pool(one, "PoolIds").pool_id for one in pool_ids or ()})
        ids = [] if owner == "SHARED" else wanted or sorted(self.pools)
        pools, token = self.paginator.page(
            ["pools", wanted, filters, owner],
            ids,
            filtered(self.pools.__getitem__, filters),
            max_results,
            next_token,
        )
        return {"Pools": pools, "NextToken": token}

    def delete_pool(self, pool_id: str) -> Pool:
        """Delete a pool. Its numbers keep their settings."""
        found = self.pool(pool_id)
        if found.deletion_protection_enabled:
            raise ConflictError("DELETION_PROTECTION_ENABLED", RESOURCE_TYPE, found.pool_id)
        for number in self.numbers_in(found):
            number.pool_id = None
        del self.pools[found.pool_id]
        self._pool_tokens.forget(found)
        self.tagger.delete_all_tags_for_resource(found.pool_arn)
        found.status = "DELETING"
        return found
