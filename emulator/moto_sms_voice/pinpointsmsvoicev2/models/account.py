"""The resources of one account in one region, and how operations find, describe and delete them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from threading import RLock
from typing import Any, TypeVar

from moto.core.base_backend import BaseBackend
from moto.core.utils import utcnow
from moto.utilities.tagging_service import TaggingService

from ..exceptions import ConflictError, ResourceNotFoundError, ValidationError
from ..utils import check_tag_keys, e164, filtered, name_in, page
from .configuration_set import ConfigurationSet
from .keyword import Keyword
from .opted_out_numbers import OptOutList
from .originators import DEFAULT_LIST, Originator, PhoneNumber, Pool, RcsAgent, SenderId
from .policies import ResourcePolicy
from .resource import Resource
from .verified_destinations import VerifiedDestinationNumber

R = TypeVar("R", bound=Resource)
Create = TypeVar("Create", bound=Callable[..., Any])

_ASSOCIATED = {
    PhoneNumber.resource_type: "PHONE_NUMBER_ASSOCIATED_TO_POOL",
    RcsAgent.resource_type: "RCS_AGENT_ASSOCIATED_TO_POOL",
}


def idempotent(create: Create) -> Create:
    """Check the tags of a create operation, and return the resource that an earlier call with its ClientToken created.

    AWS's clients generate a token for each call and repeat it in retries. Other parameters are refused; AWS does not
    document this case.
    """

    @wraps(create)
    def create_once(self: Account, *args: Any, client_token: str | None = None, **parameters: Any) -> Resource:
        key = (create.__name__, client_token)
        if key in self.client_tokens:
            given, earlier = self.client_tokens[key]
            if given != (args, parameters):
                raise ValidationError("INVALID_PARAMETER", ("ClientToken", "Was used with other parameters."))
            return earlier
        check_tag_keys([tag["Key"] for tag in parameters.get("tags") or ()])
        created: Resource = create(self, *args, **parameters)
        if client_token is not None:
            self.client_tokens[key] = ((args, parameters), created)
        return created

    return create_once  # type: ignore[return-value]


class Account(BaseBackend):
    """The state that the operations share. Times are naive UTC, as everywhere in moto, with millisecond precision."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = RLock()  # moto's server is multi-threaded
        self.tagger = TaggingService()
        self.client_tokens: dict[tuple[str, str | None], tuple[Any, Resource]] = {}
        self.phone_numbers: dict[str, PhoneNumber] = {}
        self.pools: dict[str, Pool] = {}
        self.rcs_agents: dict[str, RcsAgent] = {}
        self.sender_ids: dict[str, SenderId] = {}
        self.verified_destination_numbers: dict[str, VerifiedDestinationNumber] = {}
        self.keywords: dict[str, dict[str, Keyword]] = {}  # by ARN of the origination identity
        self.configuration_sets: dict[str, ConfigurationSet] = {}
        self.policies: dict[str, ResourcePolicy] = {}  # by ARN of the resource
        self.opt_out_lists: dict[str, OptOutList] = {}
        self.opt_out_lists[DEFAULT_LIST] = OptOutList(
            DEFAULT_LIST, self.arn_of(OptOutList.resource_type, DEFAULT_LIST), self.now()
        )

    def now(self) -> datetime:
        """Return the current time with millisecond precision. freezegun and time_machine apply."""
        now = utcnow()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def arn_of(self, resource_type: str, name: str) -> str:
        return f"arn:{self.partition}:sms-voice:{self.region_name}:{self.account_id}:{resource_type}/{name}"

    def arn_in(self, resource_type: str, reference: str) -> str:
        """Return a reference as an ARN, whether the resource exists or not."""
        return reference if reference.startswith("arn:") else self.arn_of(resource_type, reference)

    def originator_arn(self, identity: str) -> str:
        """Return the ARN of an origination identity, or a star for one that is not there."""
        originators = [
            *self.phone_numbers.values(),
            *self.pools.values(),
            *self.rcs_agents.values(),
            *self.sender_ids.values(),
        ]
        for each in originators:
            if identity in (each.arn, each.identifier, getattr(each, "phone_number", None)):
                return each.arn
        return "*"

    # --- look-ups

    def opt_out_list(self, reference: str) -> OptOutList:
        """Return the list with that name or ARN."""
        return self._find(self.opt_out_lists, OptOutList, reference, "OptOutListName")

    def phone_number(self, reference: str, field: str = "PhoneNumberId") -> PhoneNumber:
        """Return the phone number with that id or ARN."""
        return self._find(self.phone_numbers, PhoneNumber, reference, field)

    def pool(self, reference: str, field: str = "PoolId") -> Pool:
        """Return the pool with that id or ARN."""
        return self._find(self.pools, Pool, reference, field)

    def rcs_agent(self, reference: str, field: str = "RcsAgentId") -> RcsAgent:
        """Return the RCS agent with that id or ARN."""
        return self._find(self.rcs_agents, RcsAgent, reference, field)

    def configuration_set(self, reference: str) -> ConfigurationSet:
        """Return the configuration set with that name or ARN."""
        return self._find(self.configuration_sets, ConfigurationSet, reference, "ConfigurationSetName")

    def _find(self, resources: Mapping[str, R], kind: type[R], reference: str, field: str) -> R:
        name = name_in(reference, kind.resource_type, self.arn_of("", "")[:-1], field)
        try:
            return resources[name]
        except KeyError:
            raise ResourceNotFoundError(kind.resource_type, reference) from None

    def by_number(self, number: str) -> PhoneNumber | None:
        """Return the phone number resource of a number, if there is one."""
        spellings = (number, e164(number))
        return next((one for one in self.phone_numbers.values() if one.phone_number in spellings), None)

    def phone_or_pool(self, reference: str) -> PhoneNumber | Pool:
        """Return the phone number or pool of an origination identity, told apart by the id."""
        if _id_in(reference).startswith("pool-"):
            return self.pool(reference, "OriginationIdentity")
        return self.phone_number(reference, "OriginationIdentity")

    def originator(self, reference: str) -> PhoneNumber | Pool | RcsAgent:
        """Return the number, pool or agent of an origination identity, told apart by the id."""
        if _id_in(reference).startswith("rcs-"):
            return self.rcs_agent(reference, "OriginationIdentity")
        return self.phone_or_pool(reference)

    def members_of(self, pool: Pool) -> list[Originator]:
        """Return the phone numbers, agents and sender ids of a pool."""
        numbers = [each for each in self.phone_numbers.values() if each.pool_id == pool.pool_id]
        agents = [each for each in self.rcs_agents.values() if each.pool_id == pool.pool_id]
        senders = [each for each in self.sender_ids.values() if each.identifier in pool.sender_ids]
        return [*numbers, *agents, *senders]

    # --- what operations on different resources have in common

    def _tag(self, resource: Resource, tags: list[dict[str, str]] | None) -> None:
        self.tagger.tag_resource(resource.arn, tags or [])

    def _with_list_name(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Return changes with the name of the opt-out list that they refer to by name or ARN."""
        reference = changes.get("opt_out_list_name")
        return (
            {**changes, "opt_out_list_name": self.opt_out_list(reference).opt_out_list_name} if reference else changes
        )

    @staticmethod
    def _refuse_in_pool(resource: PhoneNumber | RcsAgent) -> None:
        if resource.pool_id:
            raise ConflictError(_ASSOCIATED[resource.resource_type], resource.resource_type, resource.identifier)

    def _delete(self, resources: dict[str, R], resource: R) -> None:
        """Delete a resource with its tags. Deletion protection and membership of a pool forbid it."""
        if getattr(resource, "deletion_protection_enabled", False):
            raise ConflictError("DELETION_PROTECTION_ENABLED", resource.resource_type, resource.identifier)
        if isinstance(resource, PhoneNumber | RcsAgent):
            self._refuse_in_pool(resource)
        del resources[resource.identifier]
        self.client_tokens = {key: made for key, made in self.client_tokens.items() if made[1] is not resource}
        self.keywords.pop(resource.arn, None)
        self.policies.pop(resource.arn, None)
        self.tagger.delete_all_tags_for_resource(resource.arn)

    def _describe(
        self,
        resources: Mapping[str, R],
        wanted: Iterable[R],
        key_attribute: str,
        filters: list[dict[str, Any]] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
        owner: str = "SELF",
    ) -> tuple[list[R], str | None]:
        """Return a page of the wanted resources, or of all that the filters leave in. With ``owner`` SHARED, of none."""
        names = sorted({each.identifier for each in wanted})
        keys = [] if owner == "SHARED" else names or sorted(resources)
        query = [key_attribute, names, filters, owner]
        return page(query, keys, filtered(resources.__getitem__, filters), key_attribute, max_results, next_token)


def _id_in(reference: str) -> str:
    return reference.rpartition("/")[2]
