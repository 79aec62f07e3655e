"""Operations on RCS agents."""

from __future__ import annotations

import re
from typing import Any

from moto.moto_api._internal import mock_random

from ..exceptions import ConflictError, ValidationError
from .account import Account, idempotent
from .originators import DEFAULT_LIST, RcsAgent, TwoWay

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


class RcsAgentOperations(Account):
    """The operations on RCS agents. An agent is ACTIVE at once: its registration and launch are not emulated."""

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
                raise ConflictError("RESOURCE_ALREADY_EXISTS", RcsAgent.resource_type, rcs_agent_id)
            settings = TwoWay.of(
                self.opt_out_list(opt_out_list_name).opt_out_list_name, two_way_channel_arn, self_managed_opt_outs
            )
            added = self._add_agent(rcs_agent_id)
            added.take_over(settings)
            return added

    def _add_agent(self, agent_id: str, **attributes: Any) -> RcsAgent:
        added = RcsAgent(
            rcs_agent_id=agent_id,
            rcs_agent_arn=self.arn_of(RcsAgent.resource_type, agent_id),
            created_timestamp=self.now(),
            **attributes,
        )
        self.rcs_agents[agent_id] = added
        return added

    @idempotent
    def create_rcs_agent(
        self,
        opt_out_list_name: str = DEFAULT_LIST,
        deletion_protection_enabled: bool = False,
        tags: list[dict[str, str]] | None = None,
    ) -> RcsAgent:
        created = self._add_agent(
            f"rcs-{mock_random.get_random_hex(32)}",
            opt_out_list_name=self.opt_out_list(opt_out_list_name).opt_out_list_name,
            deletion_protection_enabled=deletion_protection_enabled,
            tags=tags,
        )
        self._tag(created, tags)
        return created

    def update_rcs_agent(self, rcs_agent_id: str, **changes: Any) -> RcsAgent:
        """Update an agent. An agent in a pool can only be changed through its pool."""
        found = self.rcs_agent(rcs_agent_id)
        self._refuse_in_pool(found)
        events = changes.get("two_way_rcs_events_enabled")
        if events and ALL_EVENTS in events and len(events) > 1:
            raise ValidationError(
                "FIELD_VALIDATION_FAILED", ("TwoWayRcsEventsEnabled", "ALL must be the only element.")
            )
        found.update(self._with_list_name(changes), *_OWN_SETTINGS)
        for name in _OWN_SETTINGS:
            if getattr(found, name) == NO_MEDIA:
                setattr(found, name, None)
        return found

    def describe_rcs_agents(self, rcs_agent_ids: list[str] | None = None, **options: Any) -> dict[str, Any]:
        wanted = [self.rcs_agent(one, "RcsAgentIds") for one in rcs_agent_ids or ()]
        agents, token = self._describe(self.rcs_agents, wanted, "rcs_agent_id", **options)
        return {"RcsAgents": agents, "NextToken": token}

    def delete_rcs_agent(self, rcs_agent_id: str) -> RcsAgent:
        found = self.rcs_agent(rcs_agent_id)
        self._delete(self.rcs_agents, found)
        found.status = "DELETED"
        return found
