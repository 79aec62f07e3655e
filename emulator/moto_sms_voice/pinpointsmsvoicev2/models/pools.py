"""Operations on pools. The settings of a pool apply to its numbers and agents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from moto.moto_api._internal import mock_random

from ..exceptions import ConflictError, ValidationError
from .account import idempotent
from .keywords import KeywordOperations
from .originators import Pool


class PoolOperations(KeywordOperations):
    """The operations on pools."""

    @idempotent
    def create_pool(
        self,
        origination_identity: str,
        message_type: str,
        iso_country_code: str | None = None,
        deletion_protection_enabled: bool = False,
        tags: list[dict[str, str]] | None = None,
    ) -> Pool:
        """Create a pool. It inherits its first number's settings and keywords, except deletion protection."""
        first = self.phone_number(origination_identity, "OriginationIdentity")
        self._refuse_in_pool(first)
        if first.message_type != message_type:
            raise ConflictError("MESSAGE_TYPE_MISMATCH", first.resource_type, first.phone_number_id)
        if iso_country_code not in (None, first.iso_country_code):
            raise ValidationError("COUNTRY_CODE_MISMATCH", ("IsoCountryCode", "Must be the origination identity's."))
        pool_id = f"pool-{mock_random.get_random_hex(32)}"
        created = Pool(
            pool_id=pool_id,
            pool_arn=self.arn_of(Pool.resource_type, pool_id),
            message_type=message_type,
            deletion_protection_enabled=deletion_protection_enabled,
            tags=tags,
            created_timestamp=self.now(),
        )
        created.take_over(first)
        first.pool_id = pool_id
        self.pools[pool_id] = created
        self.keywords[created.pool_arn] = {
            word: replace(one, origination_identity_arn=created.pool_arn, origination_identity=pool_id)
            for word, one in self.keywords_of(first).items()
        }
        self._tag(created, tags)
        return created

    def update_pool(self, pool_id: str, **changes: Any) -> Pool:
        """Update a pool and the settings of its members, which cannot be changed individually."""
        found = self.pool(pool_id)
        found.update(self._with_list_name(changes), "shared_routes_enabled", "deletion_protection_enabled")
        for member in self.members_of(found):
            member.take_over(found)
        return found

    def describe_pools(self, pool_ids: list[str] | None = None, **options: Any) -> dict[str, Any]:
        wanted = [self.pool(one, "PoolIds") for one in pool_ids or ()]
        pools, token = self._describe(self.pools, wanted, "pool_id", **options)
        return {"Pools": pools, "NextToken": token}

    def delete_pool(self, pool_id: str) -> Pool:
        """Delete a pool. Its members keep their settings."""
        found = self.pool(pool_id)
        self._delete(self.pools, found)
        for member in self.members_of(found):
            member.pool_id = None
        found.status = "DELETING"
        return found
