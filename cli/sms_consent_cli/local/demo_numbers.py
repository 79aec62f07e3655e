"""Numbers and RCS agents of the local stack: two-way, with the stack's topic and list, and self-managed opt-outs."""

from __future__ import annotations

import re

import moto_sms_voice
from sms_consent_cli.local.aws_environment import ACCOUNT, REGION

__all__ = ["DEFAULT", "Originators"]

DEFAULT = "+12125550101"
"""The destination of the texts in events/."""

_NUMBER = re.compile(r"\+?[1-9][0-9]{1,18}")
_AGENT = re.compile(r"rcs-[A-Za-z0-9]{1,60}")


class Originators:
    """The numbers and RCS agents that end users can text."""

    def __init__(self, topic_arn: str, opt_out_list: str) -> None:
        self._topic_arn = topic_arn
        self._opt_out_list = opt_out_list
        self._backend = moto_sms_voice.backend(ACCOUNT, REGION)

    def add(self, identity: str) -> bool:
        """Add a number or agent, unless it exists. Return False for an identity that is neither."""
        if self._backend.by_number(identity) is not None or identity in self._backend.rcs_agents:
            return True
        if _NUMBER.fullmatch(identity):
            self._backend.add_phone_number(
                identity,
                two_way_channel_arn=self._topic_arn,
                self_managed_opt_outs=True,
                opt_out_list_name=self._opt_out_list,
            )
            return True
        if _AGENT.fullmatch(identity):
            self._backend.add_rcs_agent(
                identity,
                two_way_channel_arn=self._topic_arn,
                self_managed_opt_outs=True,
                opt_out_list_name=self._opt_out_list,
            )
            return True
        return False
