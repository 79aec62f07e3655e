"""Operations on RCS agents."""

from __future__ import annotations

import re
from typing import Any

from moto.moto_api._internal import mock_random

from .client_tokens import ClientTokens
from .exceptions import ConflictError, ResourceNotFoundError, ValidationError
from .filters import filtered
from .opt_out_lists import DEFAULT_LIST
from .originators import PhoneNumber, Pool, RcsAgent, TwoWay
from .pools import PoolBackend
from .references import name_in

RESOURCE_TYPE = "rcs-agent"

ALL_EVENTS = "ALL"
NO_MEDIA = "UNSET_RCS_MEDIA_CONFIGURATION"
"""Removes the configuration for media."""

_ID = re.compile(r"rcs-[A-Za-z0-9]{1,60}")
_OWN_SETTINGS = (
    "deletion_protection_enabled",
    "two_way_media_s3_bucket_name",
    "two_way_media_s3_key_prefix",
    "two_way_media_s3_role",
    "two_way_rcs_events_enabled",
)


class RcsAgentBackend(PoolBackend):
    """The operations on RCS agents. An agent is ACTIVE at once: its registration and launch are not emulated."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._agent_tokens: ClientTokens[RcsAgent] = ClientTokens()
        self.rcs_agents: dict[str, RcsAgent] = {}

    def rcs_agent(self, reference: str, field_name: str = "RcsAgentId") -> RcsAgent:
        """Return the agent of an id or ARN."""
        agent_id = name_in(reference, RESOURCE_TYPE, self.arn(""), field_name)
        try:
            return self.rcs_agents[agent_id]
        except KeyError:
            raise ResourceNotFoundError(RESOURCE_TYPE, reference) from None

    def originator(self, reference: str) -> PhoneNumber | Pool | RcsAgent:
        """Return the number, pool or agent of an origination identity: its id shows which of them it is."""
        if reference.rpartition(":")[2].removeprefix(f"{RESOURCE_TYPE}/").startswith("rcs-"):
            return self.rcs_agent(reference, "OriginationIdentity")
        return self.phone_or_pool(reference)

    def agents_in(self, pool: Pool) -> list[RcsAgent]:
        """Return the agents of a pool."""
        return [agent for agent in self.rcs_agents.values() if agent.pool_id == pool.pool_id]

    def is_list_used(self, name: str) -> bool:
        return super().is_list_used(name) or any(agent.opt_out_list_name == name for agent in self.rcs_agents.values())

    def add_rcs_agent(
        self,
        rcs_agent_id: str,
        two_way_channel_arn: str | None = None,
        self_managed_opt_outs: bool = False,
        opt_out_list_name: str = DEFAULT_LIST,
    ) -> RcsAgent:
        """Add an agent with an id of the test's choice. An agent with a channel is two-way."""
        if not _ID.fullmatch(rcs_agent_id):
            raise ValueError("Not the id of an RCS agent.")
        with self.lock:
            if rcs_agent_id in self.rcs_agents:
                raise ConflictError("RESOURCE_ALREADY_EXISTS", RESOURCE_TYPE, rcs_agent_id)
            settings = TwoWay().changed(
                {
                    "opt_out_list_name": self.opt_out_list(opt_out_list_name).opt_out_list_name,
                    "two_way_enabled": two_way_channel_arn is not None,
                    "two_way_channel_arn": two_way_channel_arn,
                    "self_managed_opt_outs_enabled": self_managed_opt_outs,
                }
            )
            added = self._add_agent(rcs_agent_id)
            added.take_over(settings)
            return added

    def _add_agent(self, agent_id: str, **attributes: Any) -> RcsAgent:
        added = RcsAgent(
            rcs_agent_id=agent_id,
            rcs_agent_arn=self.arn(f"{RESOURCE_TYPE}/{agent_id}"),
            created_timestamp=self.now(),
            **attributes,
        )
        self.rcs_agents[agent_id] = added
        return added

    # --- operations

    def create_rcs_agent(
        self,
        opt_out_list_name: str = DEFAULT_LIST,
        deletion_protection_enabled: bool = False,
        tags: list[dict[str, str]] | None = None,
        client_token: str | None = None,
    ) -> RcsAgent:
        parameters = (opt_out_list_name, deletion_protection_enabled, tags)
        earlier = self._agent_tokens.earlier(client_token, parameters)
        if earlier:
            return earlier
        created = self._add_agent(
            f"rcs-{mock_random.get_random_hex(32)}",
            opt_out_list_name=self.opt_out_list(opt_out_list_name).opt_out_list_name,
            deletion_protection_enabled=deletion_protection_enabled,
            tags=tags,
        )
        self.tagger.tag_resource(created.rcs_agent_arn, tags or [])
        self._agent_tokens.keep(client_token, parameters, created)
        return created

    def update_rcs_agent(self, rcs_agent_id: str, **changes: Any) -> RcsAgent:
        """Update an agent. An agent in a pool can only be changed through its pool."""
        found = self.rcs_agent(rcs_agent_id)
        if found.pool_id:
            raise ConflictError("RCS_AGENT_ASSOCIATED_TO_POOL", RESOURCE_TYPE, found.rcs_agent_id)
        events = changes.get("two_way_rcs_events_enabled")
        if events and ALL_EVENTS in events and len(events) > 1:
            raise ValidationError(
                "FIELD_VALIDATION_FAILED", ("TwoWayRcsEventsEnabled", "ALL must be the only element.")
            )
        if changes.get("opt_out_list_name"):
            changes["opt_out_list_name"] = self.opt_out_list(changes["opt_out_list_name"]).opt_out_list_name
        found.take_over(found.changed(changes))
        for name in _OWN_SETTINGS:
            if changes.get(name) is not None:
                setattr(found, name, None if changes[name] == NO_MEDIA else changes[name])
        return found

    def describe_rcs_agents(
        self,
        rcs_agent_ids: list[str] | None = None,
        filters: list[dict[str, Any]] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
        owner: str = "SELF",
    ) -> dict[str, Any]:
        wanted = sorted({self.rcs_agent(one, "RcsAgentIds").rcs_agent_id for one in rcs_agent_ids or ()})
        ids = [] if owner == "SHARED" else wanted or sorted(self.rcs_agents)
        agents, token = self.paginator.page(
            ["rcs-agents", wanted, filters, owner],
            ids,
            filtered(self.rcs_agents.__getitem__, filters),
            max_results,
            next_token,
        )
        return {"RcsAgents": agents, "NextToken": token}

    def delete_rcs_agent(self, rcs_agent_id: str) -> RcsAgent:
        found = self.rcs_agent(rcs_agent_id)
        if found.deletion_protection_enabled:
            raise ConflictError("DELETION_PROTECTION_ENABLED", RESOURCE_TYPE, found.rcs_agent_id)
        if found.pool_id:
            raise ConflictError("RCS_AGENT_ASSOCIATED_TO_POOL", RESOURCE_TYPE, found.rcs_agent_id)
        del self.rcs_agents[found.rcs_agent_id]
        self._agent_tokens.forget(found)
        self.tagger.delete_all_tags_for_resource(found.rcs_agent_arn)
        found.status = "DELETED"
        return found

    def update_pool(self, pool_id: str, **changes: Any) -> Pool:
        """Update a pool, and the settings of its numbers and agents."""
        found = super().update_pool(pool_id, **changes)
        for agent in self.agents_in(found):
            agent.take_over(found)
        return found
