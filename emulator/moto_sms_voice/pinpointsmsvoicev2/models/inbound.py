"""Inbound texts: keywords of AWS-managed opt-outs, and publication to two-way channels."""

from __future__ import annotations

import json
import re

from moto.moto_api._internal import mock_random
from moto.sns.models import sns_backends

from ..exceptions import ResourceNotFoundError, ValidationError
from ..utils import PHONE_NUMBER
from .keyword import Keyword
from .keywords import KeywordOperations
from .messages import MessageOperations
from .originators import PhoneNumber, RcsAgent

# FIFO topics, whose names contain a dot, do not match: two-way channels do not support them.
_TOPIC_ARN = re.compile(r"arn:[^:]+:sns:(?P<region>[^:]+):(?P<account>[^:]+):[A-Za-z0-9_-]+")


class InboundTexts(KeywordOperations, MessageOperations):
    """Texts from end users."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._received = 0  # messages to agents: their ids contain only number and time

    def receive_text(self, from_number: str, to_number: str, body: str) -> str | None:
        """Receive a text for one of this account's numbers. Return the inbound message's id if the text is published.

        Unless opt-outs are self-managed, the service acts on a keyword itself: it opts the sender out or in, and
        replies. All other texts go to the number's two-way channel.
        https://docs.aws.amazon.com/sms-voice/latest/userguide/opt-out-list-self-managed.html
        """
        with self.lock:
            number = self.rcs_agents.get(to_number) or self.by_number(to_number)
            if number is None:
                raise ResourceNotFoundError(PhoneNumber.resource_type, to_number)
            keyword = self.keyword_in(number, body)
            if keyword is not None and not number.self_managed_opt_outs_enabled:
                self._act_on(keyword, from_number, number)
                if not isinstance(number, RcsAgent):
                    return None  # published for messages to agents too
            if not number.two_way_enabled or number.two_way_channel_arn is None:
                return None
            payload = {
                "originationNumber": from_number,
                "destinationNumber": number.phone_number,
                # The value for a text without a keyword is undocumented; this one is from published payloads.
                "messageKeyword": keyword.keyword if keyword else f"KEYWORD_{self.account_id}",
                "messageBody": body,
                "inboundMessageId": str(mock_random.uuid4()),
            }
            previous = self.last_message_id(from_number, number.phone_number)
            if previous is not None:
                payload["previousPublishedMessageId"] = previous
            if isinstance(number, RcsAgent):
                payload |= self._as_rcs(from_number)
                del payload["messageKeyword"]
            inbound_id = payload["inboundMessageId"]
            channel = number.two_way_channel_arn
        # Without the lock: a subscriber may call this service from another thread before this returns.
        _publish(channel, json.dumps(payload))
        return inbound_id

    def _as_rcs(self, from_number: str) -> dict[str, str]:
        """Return the fields that differ for a message to an agent.

        https://docs.aws.amazon.com/sms-voice/latest/userguide/rcs-inbound.html
        """
        bare = from_number.removeprefix("+")
        self._received += 1
        moment = self.now().isoformat(timespec="milliseconds")
        return {"originationNumber": bare, "inboundMessageId": f"{bare}-{moment}+0000-{self._received}"}

    def _act_on(self, keyword: Keyword, from_number: str, number: PhoneNumber | RcsAgent) -> None:
        """Change the list and reply. The opt-out list does not block the service's own replies."""
        if not PHONE_NUMBER.fullmatch(from_number):
            return
        opt_out_list = self.opt_out_lists[number.opt_out_list_name]
        if keyword.keyword_action == "OPT_OUT":
            opt_out_list.add(from_number, self.now(), by_end_user=True)
        elif keyword.keyword_action == "OPT_IN" and from_number in opt_out_list:
            # The 30-day rule applies to DeleteOptedOutNumber, not to an end user's own opt-in.
            opt_out_list.remove(from_number)
        self.record_text(
            from_number,
            number,
            keyword.keyword_message,
            origination_identity=number.phone_number,
            message_type=number.message_type,
            context={},
            automatic=True,
        )


def _publish(channel_arn: str, message: str) -> None:
    """Publish to moto's SNS, in the account and region of the topic.

    A channel that is not a topic in moto raises an error, where the service would silently lose the text. Amazon Connect is
    not emulated.
    """
    if channel_arn.startswith("connect.") or channel_arn.split(":")[2:3] == ["connect"]:
        return
    match = _TOPIC_ARN.fullmatch(channel_arn)
    if match is None:
        raise ValidationError("TWO_WAY_TOPIC_NOT_PRESENT")
    sns = sns_backends[match["account"]][match["region"]]
    if channel_arn not in sns.topics:
        raise ValidationError("TWO_WAY_TOPIC_NOT_PRESENT")
    sns.publish(message, channel_arn)
