"""Proves the way from topic to list with a text of nobody's: published as the service would, heard, recorded and synced.

Both numbers are reserved for fiction (+1 NPA 555-0100 to 0199, ATIS-0300115), so nobody is opted out by it. The number that
is "texted" is not the account's, so the confirmation is refused by AWS: nothing is sent, and nothing is paid. The STOP is
followed by a START, which takes the number off the list again (or waits for the 30 days, when this is repeated).

The topic's policy lets only the service publish; an operator of the same account may all the same, by their own IAM
permission, since within an account either is enough.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Outcome
from sms_consent.domain.ports import Clock
from sms_consent.queries.history import ConsentQueries

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

__all__ = ["TEST_DESTINATION", "TEST_SENDER", "DeliveryFailed", "DeliveryTest"]

TEST_SENDER, TEST_DESTINATION = "+12025550199", "+12025550198"
LOOK_EVERY = 1.0
"""Seconds."""


class DeliveryFailed(Exception):
    """The text did not do what it must; nothing has been changed for the number."""


class DeliveryTest:
    """One text to and fro. Raises Unheard, TryAgain, Rejected, ClientError or BotoCoreError."""

    def __init__(
        self,
        *,
        sns: SNSClient,
        topic: str,
        register: ConsentQueries,
        opt_out_list: AwsOptOutList,
        list_name: str,
        clock: Clock,
        timeout: float,
    ) -> None:
        """``patience`` is how many seconds each of the two texts may take."""
        self._sns = sns
        self._topic = topic
        self._register = register
        self._list = opt_out_list
        self._list_name = list_name
        self._clock = clock
        self._timeout = timeout

    def run(self) -> str:
        """What was seen."""
        started = self._clock.now()
        stop = self.publish("STOP")
        self._wait(stop, "STOP", self._opted_out)
        took = (self._clock.now() - started).total_seconds()
        start = self.publish("START")
        self._wait(start, "START", self._opted_in)
        return f"a STOP of {TEST_SENDER}, which is nobody's, was on {self._list_name} after {took:.1f} s; a START took it back"

    def publish(self, body: str) -> str:
        """Publish a text and return its id.

        The payload is that of docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html.
        """
        text_id = f"connect-{uuid4().hex}"
        payload = {
            "originationNumber": TEST_SENDER,
            "destinationNumber": TEST_DESTINATION,
            "messageKeyword": body,
            "messageBody": body,
            "inboundMessageId": text_id,
        }
        self._sns.publish(TopicArn=self._topic, Message=json.dumps(payload))
        return text_id

    def _wait(self, text_id: str, body: str, done: Callable[[Consent | None], bool]) -> None:
        until = self._clock.now().timestamp() + self._timeout
        outcome = None
        while True:
            outcome = self._outcome(text_id, outcome)
            consent = self._consent()
            if outcome is not None and outcome not in {Outcome.CHANGED, Outcome.CONFIRMED}:
                raise DeliveryFailed(
                    f"the {body} was heard, and changed nothing ({outcome.lower()}): look at TierActions, and at the clock"
                )
            if outcome is not None and done(consent):
                return
            if self._clock.now().timestamp() >= until:
                raise DeliveryFailed(self._what_is_wrong(body, outcome))
            self._clock.sleep(LOOK_EVERY)

    def _what_is_wrong(self, body: str, outcome: Outcome | None) -> str:
        if outcome is None:
            return (
                f"a {body} published to the topic is not in the ledger after {self._timeout:.0f} s: look at "
                '"sms-consent dead-letters list" and at InboundFunction\'s logs; --wait takes more seconds'
            )
        return (
            f"a {body} is recorded, but {self._list_name} did not follow within {self._timeout:.0f} s: "
            f'"sms-consent check {TEST_SENDER}" and SweepFunction\'s logs say why; --wait takes more seconds'
        )

    def _outcome(self, text_id: str, known: Outcome | None) -> Outcome | None:
        if known is not None:
            return known
        recorded = self._register.decisions(TEST_SENDER, before=None, most=10)
        return next((outcome for decision, outcome, _ in recorded if decision.id == text_id), None)

    def _consent(self) -> Consent | None:
        return next((each for each in self._register.consents(TEST_SENDER) if each.list_name == self._list_name), None)

    def _opted_out(self, consent: Consent | None) -> bool:
        return (
            consent is not None
            and consent.status is Status.OPTED_OUT
            and consent.settled
            and self._list.find(TEST_SENDER, self._list_name) is not None
        )

    def _opted_in(self, consent: Consent | None) -> bool:
        if consent is None or not consent.settled:
            return False
        return consent.status is Status.OPT_IN_PENDING or self._list.find(TEST_SENDER, self._list_name) is None
