"""Operations on pools. The settings of a pool apply to its numbers and agents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from moto.moto_api._internal import mock_random

from ..exceptions import ConflictError, ResourceNotFoundError, ValidationError
from ..utils import filtered, page
from .account import idempotent
from .keyword import Keyword
from .keywords import KeywordOperations
from .originators import Originator, PhoneNumber, Pool, RcsAgent, SenderId, TwoWay


@dataclass(frozen=True)
class PoolMember:
    """A member of a pool, as the API describes it."""

    origination_identity_arn: str
    origination_identity: str
    iso_country_code: str
    number_capabilities: list[str]
    phone_number: str | None


# What must be equal in a pool and a number that joins it, and the reason of the refusal.
_MUST_MATCH = {
    "message_type": "MESSAGE_TYPE_MISMATCH",
    "two_way_enabled": "TWO_WAY_CONFIG_MISMATCH",
    "two_way_channel_arn": "TWO_WAY_CONFIG_MISMATCH",
    "self_managed_opt_outs_enabled": "SELF_MANAGED_OPT_OUTS_MISMATCH",
    "opt_out_list_name": "OPT_OUT_LIST_MISMATCH",
}


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
            if isinstance(member, TwoWay):
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
            if not isinstance(member, SenderId):
                member.pool_id = None
        found.status = "DELETING"
        return found

    # --- members

    def _member(self, identity: str, country: str | None) -> Originator:
        """Return a phone number, agent or sender id by its id or ARN; a sender id also by its name and country."""
        for each in self.sender_ids.values():
            if identity == each.arn or (identity, country) == (each.sender_id, each.iso_country_code):
                return each
        found = self.originator(identity)
        if isinstance(found, Pool):
            raise ResourceNotFoundError(PhoneNumber.resource_type, identity)
        if isinstance(found, PhoneNumber) and country not in (None, found.iso_country_code):
            raise ValidationError("COUNTRY_CODE_MISMATCH", ("IsoCountryCode", "Must be the origination identity's."))
        return found

    def _is_member(self, pool: Pool, member: Originator) -> bool:
        return any(each is member for each in self.members_of(pool))

    # Both operations take a client token, and repeating either is an error or has no effect; the token is not kept.

    def associate_origination_identity(
        self, pool_id: str, origination_identity: str, iso_country_code: str | None = None, **_token: Any
    ) -> dict[str, Any]:
        """Add a member. It must not be in another pool, and its settings and keywords must be the pool's."""
        pool, member = self.pool(pool_id), self._member(origination_identity, iso_country_code)
        if self._is_member(pool, member):
            raise ConflictError("RESOURCE_ALREADY_ASSOCIATED", member.resource_type, member.identifier)
        if isinstance(member, SenderId):
            if pool.message_type not in member.message_types:
                raise ConflictError("MESSAGE_TYPE_MISMATCH", member.resource_type, member.identifier)
            pool.sender_ids.add(member.identifier)
            return _association(pool, member)
        self._refuse_in_pool(member)
        for name, reason in _MUST_MATCH.items():
            if getattr(member, name) != getattr(pool, name):
                raise ConflictError(reason, member.resource_type, member.identifier)
        if _wording(self.keywords_of(member)) != _wording(self.keywords_of(pool)):
            raise ConflictError("KEYWORD_MISMATCH", member.resource_type, member.identifier)
        member.pool_id = pool.pool_id
        return _association(pool, member)

    def disassociate_origination_identity(
        self, pool_id: str, origination_identity: str, iso_country_code: str | None = None, **_token: Any
    ) -> dict[str, Any]:
        """Remove a member, which keeps its settings. That the last number must stay is read from the model's reasons."""
        pool, member = self.pool(pool_id), self._member(origination_identity, iso_country_code)
        if not self._is_member(pool, member):
            raise ConflictError("PHONE_NUMBER_NOT_ASSOCIATED_TO_POOL", member.resource_type, member.identifier)
        if len(self.members_of(pool)) == 1:
            raise ConflictError("LAST_PHONE_NUMBER", member.resource_type, member.identifier)
        if isinstance(member, SenderId):
            pool.sender_ids.remove(member.identifier)
        else:
            member.pool_id = None
        return _association(pool, member)

    def list_pool_origination_identities(
        self, pool_id: str, filters: list[dict[str, Any]] | None = None, **options: Any
    ) -> dict[str, Any]:
        pool = self.pool(pool_id)
        members = {each.arn: _described(each) for each in self.members_of(pool)}
        found, token = page(
            ["origination-identities", pool.pool_id, filters],
            sorted(members),
            filtered(members.__getitem__, filters),
            "origination_identity_arn",
            **options,
        )
        return {
            "PoolArn": pool.pool_arn,
            "PoolId": pool.pool_id,
            "OriginationIdentities": found,
            "NextToken": token,
        }


def _wording(keywords: dict[str, Keyword]) -> set[tuple[str, str, str]]:
    return {(each.keyword, each.keyword_message, each.keyword_action) for each in keywords.values()}


def _described(member: Originator) -> PoolMember:
    return PoolMember(
        origination_identity_arn=member.arn,
        origination_identity=member.sender_id if isinstance(member, SenderId) else member.identifier,
        iso_country_code="US" if isinstance(member, RcsAgent) else member.iso_country_code,
        number_capabilities=_capabilities(member),
        phone_number=member.phone_number if isinstance(member, PhoneNumber) else None,
    )


def _capabilities(member: Originator) -> list[str]:
    """Return what a member can send. The model requires it, and a country, of all; those of others are not documented."""
    if isinstance(member, PhoneNumber):
        return member.number_capabilities
    return ["RCS"] if isinstance(member, RcsAgent) else ["SMS"]


def _association(pool: Pool, member: Originator) -> dict[str, Any]:
    described = _described(member)
    return {
        "PoolArn": pool.pool_arn,
        "PoolId": pool.pool_id,
        "OriginationIdentityArn": described.origination_identity_arn,
        "OriginationIdentity": described.origination_identity,
        "IsoCountryCode": described.iso_country_code,
    }
