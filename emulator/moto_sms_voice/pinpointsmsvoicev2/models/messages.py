"""Sending texts, and reading back what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.moto_api._internal import mock_random

from ..exceptions import ConflictError, ResourceNotFoundError, ValidationError
from ..utils import e164
from .account import Account
from .opted_out_numbers import OPTED_OUT_NUMBER
from .originators import PhoneNumber, Pool, RcsAgent


@dataclass(frozen=True)
class SentText:
    """One text to an end user. ``automatic``: the service's own reply to a keyword, not a call of SendTextMessage."""

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


CONFIGURATION_SET = "configuration-set"


class MessageOperations(Account):
    """The operations that send, and the way to read back what was sent."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._sent: list[SentText] = []
        self._last_to: dict[tuple[str, str], str] = {}

    def sent_texts(self) -> list[SentText]:
        """Return every text so far, including automatic replies, in order."""
        with self.lock:
            return list(self._sent)

    def last_message_id(self, to: str, from_: str) -> str | None:
        """Return the id of the latest text that one of this account's numbers sent to an end user."""
        return self._last_to.get((e164(to), from_))

    def record_text(self, to: str, sender: PhoneNumber | RcsAgent, body: str, **details: Any) -> SentText:
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

    def add_configuration_set(self, name: str) -> str:
        """Add a configuration set and return its ARN. Events of texts sent with it are not emulated."""
        with self.lock:
            self.configuration_sets[name] = self.arn_of(CONFIGURATION_SET, name)
            return self.configuration_sets[name]

    def _configuration_set(self, reference: str | None) -> str | None:
        if reference is None:
            return None
        name = reference.rpartition(f":{CONFIGURATION_SET}/")[2]
        if reference not in (name, self.configuration_sets.get(name)) or name not in self.configuration_sets:
            raise ResourceNotFoundError(CONFIGURATION_SET, reference)
        return name

    def send_text_message(
        self,
        destination_phone_number: str,
        origination_identity: str | None = None,
        message_body: str | None = None,
        message_type: str | None = None,
        context: dict[str, str] | None = None,
        dry_run: bool = False,
        configuration_set_name: str | None = None,
        protect_configuration_id: str | None = None,
        **_unused: Any,
    ) -> dict[str, str]:
        """Send a text. A number on the originator's list is refused, whatever the message type.

        Parameters that do not affect delivery (price, time to live, country parameters, feedback) are accepted.
        """
        if message_body is None:
            raise ValidationError("MISSING_PARAMETER", ("MessageBody", "Required."))
        configuration_set = self._configuration_set(configuration_set_name)
        if protect_configuration_id is not None:  # the operation that creates one is not implemented
            raise ResourceNotFoundError("protect-configuration", protect_configuration_id)
        sender, list_name = self._originator(origination_identity)
        return self._send(
            destination_phone_number,
            (sender, list_name),
            message_body,
            origination_identity=origination_identity or sender.phone_number,
            message_type=message_type or sender.message_type,
            context=context,
            dry_run=dry_run,
            configuration_set=configuration_set,
        )

    def send_rcs_message(
        self,
        destination_phone_number: str,
        origination_identity: str,
        rcs_message_content: dict[str, Any] | None = None,
        context: dict[str, str] | None = None,
        dry_run: bool = False,
        configuration_set_name: str | None = None,
        **_unused: Any,
    ) -> dict[str, str]:
        """Send a text from an agent, or from the first agent of a pool. Files and cards are not implemented."""
        content = (rcs_message_content or {}).get("Content", {}).get("TextMessage")
        if content is None:
            raise ValidationError("MISSING_PARAMETER", ("RcsMessageContent", "Only TextMessage is implemented."))
        configuration_set = self._configuration_set(configuration_set_name)
        found = self.originator(origination_identity)
        senders = self.members_of(found) if isinstance(found, Pool) else [found]
        sender = next((each for each in senders if isinstance(each, RcsAgent)), None)
        if sender is None:
            raise ResourceNotFoundError("rcs-agent", origination_identity)
        return self._send(
            destination_phone_number,
            (sender, found.opt_out_list_name),
            content["Body"],
            origination_identity=origination_identity,
            message_type=sender.message_type,
            context=context,
            dry_run=dry_run,
            configuration_set=configuration_set,
        )

    def _send(
        self,
        to: str,
        originator: tuple[PhoneNumber | RcsAgent, str],
        body: str,
        *,
        dry_run: bool,
        context: dict[str, str] | None,
        **details: str | None,
    ) -> dict[str, str]:
        sender, list_name = originator
        if to in self.opt_out_lists[list_name]:
            raise ConflictError("DESTINATION_PHONE_NUMBER_OPTED_OUT", OPTED_OUT_NUMBER, e164(to))
        if dry_run:
            return {"MessageId": str(mock_random.uuid4())}
        return {"MessageId": self.record_text(to, sender, body, context=context or {}, **details).message_id}

    def _originator(self, identity: str | None) -> tuple[PhoneNumber | RcsAgent, str]:
        """Return the sending number or agent, and the list that applies: the pool's, if the identity is a pool.

        Without an identity, the service chooses one of the account's.
        """
        if identity is None:
            sender = next(iter(self.phone_numbers.values()), None)
            if sender is None:
                raise ConflictError("NO_ORIGINATION_IDENTITIES_FOUND")
            return sender, sender.opt_out_list_name
        sender = self.by_number(identity) if identity.lstrip("+").isdigit() else None
        if sender is not None:
            return sender, sender.opt_out_list_name
        found = self.originator(identity)
        if not isinstance(found, Pool):
            return found, found.opt_out_list_name
        return self.members_of(found)[0], found.opt_out_list_name
