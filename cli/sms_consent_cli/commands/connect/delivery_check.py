"""An end-to-end test: publish a STOP and a START to the topic, and check that the ledger and the list reflect them.

Both numbers are reserved for fiction (+1 NPA 555-0100 to 0199, ATIS-0300115), so no person is opted out. The destination is not
a number of the account, so AWS refuses to send a confirmation, at no cost. The START takes the number off the list
again, or waits for the 30 days if the test is repeated.

The topic's policy lets only AWS End User Messaging SMS publish. An operator of the same account can publish with their own IAM
permission, since one of the two is enough within an account.
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
"""Seconds between polls."""


class DeliveryFailed(Exception):
    """The test text was not processed as expected. Nothing was changed for the number."""


class DeliveryTest:
    """One STOP and one START. Raises DeliveryFailed, TryAgain, Rejected, ClientError or BotoCoreError."""

    def __init__(
        self,
        *,
        sns: SNSClient,
        topic: str,
        queries: ConsentQueries,
        opt_out_list: AwsOptOutList,
        list_name: str,
        clock: Clock,
        timeout: float,
    ) -> None:
        """Create the test. ``timeout`` is the time limit for each of the two texts, in seconds."""
        self._sns = sns
        self._topic = topic
        self._queries = queries
        self._list = opt_out_list
        self._list_name = list_name
        self._clock = clock
        self._timeout = timeout

    def run(self) -> str:
        """Run the test, and return the result in a sentence."""
        started = self._clock.now()
        stop = self.publish("STOP")
        self._wait(stop, "STOP", self._opted_out)
        took = (self._clock.now() - started).total_seconds()
        start = self.publish("START")
        self._wait(start, "START", self._opted_in)
        return f"a test STOP from {TEST_SENDER} was on {self._list_name} after {took:.1f} s; a START removed it"

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
                    f"the test {body} was processed without effect ({outcome.lower()}): check TierActions and the clock"
                )
            if outcome is not None and done(consent):
                return
            if self._clock.now().timestamp() >= until:
                raise DeliveryFailed(self._failure_message(body, outcome))
            self._clock.sleep(LOOK_EVERY)

    def _failure_message(self, body: str, outcome: Outcome | None) -> str:
        if outcome is None:
            return (
                f"a {body} published to the topic is not in the ledger after {self._timeout:.0f} s: check "
                '"sms-consent dead-letters list" and InboundFunction\'s logs, or give a longer --wait'
            )
        return (
            f"a {body} is recorded, but {self._list_name} was not updated within {self._timeout:.0f} s: "
            f'check "sms-consent check {TEST_SENDER}" and SweepFunction\'s logs, or give a longer --wait'
        )

    def _outcome(self, text_id: str, known: Outcome | None) -> Outcome | None:
        if known is not None:
            return known
        recorded = self._queries.decisions(TEST_SENDER, before=None, most=10)
        return next((outcome for decision, outcome, _ in recorded if decision.id == text_id), None)

    def _consent(self) -> Consent | None:
        return next((each for each in self._queries.consents(TEST_SENDER) if each.list_name == self._list_name), None)

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
