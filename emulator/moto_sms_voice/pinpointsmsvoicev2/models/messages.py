"""Sending messages, and reading back what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.moto_api._internal import mock_random

from ..exceptions import ConflictError, ResourceNotFoundError, ValidationError
from ..utils import e164
from .events import EventPublisher
from .opted_out_numbers import OPTED_OUT_NUMBER
from .originators import DEFAULT_LIST, Originator, PhoneNumber, Pool, RcsAgent, SenderId
from .verified_destinations import VerifiedDestinationNumber

CAPABILITY = {"TEXT": "SMS", "VOICE": "VOICE", "MEDIA": "MMS"}
"""What a phone number must be capable of, by the channel of a message."""


@dataclass(frozen=True)
class SentText:
    """One message to an end user: on ``channel`` TEXT, RCS, VOICE or MEDIA.

    ``automatic``: sent by the service itself, as a reply to a keyword or with a verification code.
    """

    message_id: str
    to: str
    from_: str
    origination_identity: str
    body: str
    message_type: str
    at: datetime
    context: Mapping[str, str]
    automatic: bool = False
    configuration_set: str | None = None
    channel: str = "TEXT"
    media_urls: tuple[str, ...] = ()


class MessageOperations(EventPublisher):
    """The operations that send, and the way to read back what was sent."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._sent: list[SentText] = []
        self._last_to: dict[tuple[str, str], str] = {}
        self._feedback: dict[str, str] = {}  # by message id
        self.tier = "PRODUCTION"

    def sent_texts(self) -> list[SentText]:
        """Return every text (SMS and RCS) so far, including automatic replies, in order."""
        return [each for each in self.sent_messages() if each.channel in ("TEXT", "RCS")]

    def sent_messages(self) -> list[SentText]:
        """Return every message so far, voice and media messages included, in order."""
        with self.lock:
            return list(self._sent)

    def last_message_id(self, to: str, from_: str) -> str | None:
        """Return the id of the latest message that one of this account's numbers sent to an end user."""
        return self._last_to.get((e164(to), from_))

    def record_text(self, to: str, sender: Originator, body: str, **details: Any) -> SentText:
        text = SentText(
            message_id=str(mock_random.uuid4()),
            to=e164(to),
            from_=sender.phone_number,
            body=body,
            at=self.now(),
            **details,
        )
        self._sent.append(text)
        self._last_to[text.to, text.from_] = text.message_id
        return text

    # --- operations

    def send_text_message(
        self,
        destination_phone_number: str,
        origination_identity: str | None = None,
        message_body: str | None = None,
        **parameters: Any,
    ) -> dict[str, str]:
        """Send a text. A number on the originator's list is refused, whatever the message type.

        Parameters that do not affect delivery (price, time to live, country parameters, feedback) are accepted.
        """
        if message_body is None:
            raise ValidationError("MISSING_PARAMETER", ("MessageBody", "Required."))
        return self._send("TEXT", destination_phone_number, origination_identity, message_body, **parameters)

    def send_voice_message(
        self, destination_phone_number: str, origination_identity: str, message_body: str = "", **parameters: Any
    ) -> dict[str, str]:
        """Read a message to a phone. Listed numbers are refused: "you can't send SMS or voice messages to them"."""
        return self._send("VOICE", destination_phone_number, origination_identity, message_body, **parameters)

    def send_media_message(
        self,
        destination_phone_number: str,
        origination_identity: str,
        message_body: str = "",
        media_urls: list[str] | None = None,
        **parameters: Any,
    ) -> dict[str, str]:
        """Send a message with media, whose files are not read."""
        urls = tuple(media_urls or ())
        return self._send(
            "MEDIA", destination_phone_number, origination_identity, message_body, media_urls=urls, **parameters
        )

    def send_rcs_message(
        self,
        destination_phone_number: str,
        origination_identity: str,
        rcs_message_content: dict[str, Any] | None = None,
        **parameters: Any,
    ) -> dict[str, str]:
        """Send a text from an agent, or from the first agent of a pool. Files and cards are not implemented."""
        content = (rcs_message_content or {}).get("Content", {}).get("TextMessage")
        if content is None:
            raise ValidationError("MISSING_PARAMETER", ("RcsMessageContent", "Only TextMessage is implemented."))
        return self._send("RCS", destination_phone_number, origination_identity, content["Body"], **parameters)

    def put_message_feedback(self, message_id: str, message_feedback_status: str) -> dict[str, str]:
        """Record whether a message was received. Whether feedback must have been enabled is not documented."""
        if not any(each.message_id == message_id for each in self._sent):
            raise ResourceNotFoundError("message", message_id)
        self._feedback[message_id] = message_feedback_status
        return {"MessageId": message_id, "MessageFeedbackStatus": message_feedback_status}

    def _send(
        self,
        channel: str,
        to: str,
        identity: str | None,
        body: str,
        *,
        configuration_set_name: str | None = None,
        protect_configuration_id: str | None = None,
        message_type: str | None = None,
        context: dict[str, str] | None = None,
        dry_run: bool = False,
        media_urls: tuple[str, ...] = (),
        **_unused: Any,
    ) -> dict[str, str]:
        used = self.configuration_set(configuration_set_name) if configuration_set_name else None
        if protect_configuration_id is not None:  # the operation that creates one is not implemented
            raise ResourceNotFoundError("protect-configuration", protect_configuration_id)
        sender, list_name = self.sender_for(channel, identity, used.default_sender_id if used else None)
        if self.tier == "SANDBOX" and not self._is_verified(to):
            raise ConflictError(
                "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", VerifiedDestinationNumber.resource_type, e164(to)
            )
        if to in self.opt_out_lists[list_name]:
            raise ConflictError("DESTINATION_PHONE_NUMBER_OPTED_OUT", OPTED_OUT_NUMBER, e164(to))
        if dry_run:
            return {"MessageId": str(mock_random.uuid4())}
        default_type = used.default_message_type if used else None
        sent = self.record_text(
            to,
            sender,
            body,
            origination_identity=identity or sender.phone_number,
            message_type=message_type or default_type or sender.message_type,
            context=context or {},
            configuration_set=used.configuration_set_name if used else None,
            channel=channel,
            media_urls=media_urls,
        )
        if used:
            self.publish_events(used, sent)
        return {"MessageId": sent.message_id}

    def _is_verified(self, number: str) -> bool:
        """Return whether a sandbox account may send to the number. AWS's simulator destinations are not known here."""
        verified = self.verified_destination_numbers.values()
        return any(each.destination_phone_number == e164(number) and each.status == "VERIFIED" for each in verified)

    # --- who sends

    def sender_for(
        self, channel: str, identity: str | None, default_sender_id: str | None = None
    ) -> tuple[Originator, str]:
        """Return the number, agent or sender id that sends, and the list that applies: a pool's, if it is in one.

        Without an identity, the service chooses one of the account's. Which list applies to a sender id outside of a
        pool is not documented; here it is the default list.
        """
        found = self._identity(channel, identity, default_sender_id)
        candidates = self.members_of(found) if isinstance(found, Pool) else [found]
        able = [each for each in candidates if _can_send(each, channel)]
        if able:
            list_name = DEFAULT_LIST if isinstance(found, SenderId) else found.opt_out_list_name
            return able[0], list_name
        if channel == "RCS":
            raise ResourceNotFoundError(RcsAgent.resource_type, identity or "")
        raise ConflictError("NUMBER_CAPABILITIES_MISMATCH", found.resource_type, found.identifier)

    def _identity(self, channel: str, identity: str | None, default_sender_id: str | None) -> Originator | Pool:
        if identity is None:
            default: list[Originator] = [
                each for each in self.sender_ids.values() if each.sender_id == default_sender_id
            ]
            able = [each for each in self.phone_numbers.values() if _can_send(each, channel)]
            found = next(iter([*default, *able]), None)
            if found is None:
                raise ConflictError("NO_ORIGINATION_IDENTITIES_FOUND")
            return found
        number = self.by_number(identity) if identity.lstrip("+").isdigit() else None
        if number is not None:
            return number
        by_name = (each for each in self.sender_ids.values() if identity in (each.sender_id, each.arn))
        return next(by_name, None) or self.originator(identity)


def _can_send(sender: Originator, channel: str) -> bool:
    """Return whether an originator can send on a channel: an agent RCS and texts, a sender id texts."""
    if isinstance(sender, PhoneNumber):
        return CAPABILITY.get(channel) in sender.number_capabilities
    return channel == "TEXT" or (channel == "RCS" and isinstance(sender, RcsAgent))
