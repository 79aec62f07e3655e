"""Tests of undocumented behaviour of the opt-out list API, with a number reserved for fiction on lists made for the tests.

No other command calls PutOptedOutNumber or DeleteOptedOutNumber. Here it is safe: the lists exist for seconds, no sender uses
them, the ledger does not know them, and the number is reserved for fiction (+1 NPA 555-0100 to 0199, ATIS-0300115).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent_cli.commands.doctor.deep.finding import Finding, failed, noted, passed, unknown
from sms_consent_cli.shared.deployment import Deployment

__all__ = ["PREFIX", "ApiProbe", "Observation"]

PREFIX = "sms-consent-learn-"
"""The prefix of the lists' names, by which a leftover list can be found."""
_NOBODY = "+12025550197"
_PAUSE = 1.1
"""Seconds between calls: DescribeOptedOutNumbers is allowed once a second, and times are compared in seconds."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A question about AWS's behaviour, and the answer, which contains no phone number."""

    question: str
    answer: str


class ApiProbe:
    """One run. ``observations`` grows while ``run`` yields its findings."""

    def __init__(self, deployment: Deployment) -> None:
        self._sms: Any = deployment.client("pinpoint-sms-voice-v2")
        self._sleep = deployment.clock.sleep
        self._first, self._second = (f"{PREFIX}{uuid4().hex[:12]}" for _ in range(2))
        self.observations: list[Observation] = []

    def run(self) -> Iterator[Finding]:
        """Create the lists, make the calls, and delete the lists, even after an error. Yield findings."""
        made: list[str] = []
        try:
            for name in (self._first, self._second):
                self._sms.create_opt_out_list(OptOutListName=name)
                made.append(name)
            self._ask()
            yield passed(f"{len(self.observations)} questions were tested on AWS; see the results")
        except (ClientError, BotoCoreError) as error:
            needed = "CreateOptOutList, DeleteOptOutList, and Put-, Delete- and DescribeOptedOutNumber(s) on sms-consent-learn-*"
            fix = f"Allow sms-voice: {needed}. An account may have 25 lists, and two are needed."
            yield unknown(f"the tests could not be made: {_refusal(error)}", fix)
        finally:
            left = [name for name in made if not self._deleted(name)]
        for name in left:
            yield failed(f"the list {name} could not be deleted", f"Delete it: sms-consent lists delete {name}")
        if not made:
            yield noted("no list was created, so none is left")

    def _ask(self) -> None:
        first, second = self._first, self._second
        self._note("describing a number that is not listed", lambda: self._describe(first))
        put = self._note("the first put by the API", lambda: self._put(first))
        self._sleep(_PAUSE)
        again = self._note("a repeated put", lambda: self._put(first))
        if put and again:
            same = put.get("OptedOutTimestamp") == again.get("OptedOutTimestamp")
            self._add("whether a repeated put keeps the first time", "it does" if same else "it does not")
        self._note("describing the number after it", lambda: self._describe(first)["OptedOutNumbers"][0])
        self._note("the first deletion", lambda: self._delete(first))
        self._note("deleting a number that is not listed", lambda: self._delete(first))
        self._note("a put after a deletion", lambda: self._put(first))
        self._note("a second deletion from the same list within 30 days", lambda: self._delete(first))
        self._note("a put on another list", lambda: self._put(second))
        self._note("a deletion from another list within the same 30 days", lambda: self._delete(second))
        self._note("a put on a list that does not exist", lambda: self._put(f"{first}x"))

    def _note(self, question: str, ask: Callable[[], Any]) -> Any:
        """Return the response, or None if AWS refused the call. A missing permission ends the run."""
        try:
            answer = ask()
        except ClientError as error:
            if error.response["Error"].get("Code") == "AccessDeniedException":
                raise
            self._add(question, _refusal(error))
            return None
        self._add(question, f"EndUserOptedOut={answer.get('EndUserOptedOut')}")
        return answer

    def _add(self, question: str, answer: str) -> None:
        self.observations.append(Observation(question, answer))

    def _put(self, name: str) -> Any:
        return self._sms.put_opted_out_number(OptOutListName=name, OptedOutNumber=_NOBODY)

    def _delete(self, name: str) -> Any:
        return self._sms.delete_opted_out_number(OptOutListName=name, OptedOutNumber=_NOBODY)

    def _describe(self, name: str) -> Any:
        self._sleep(_PAUSE)
        return self._sms.describe_opted_out_numbers(OptOutListName=name, OptedOutNumbers=[_NOBODY])

    def _deleted(self, name: str) -> bool:
        try:
            self._sms.delete_opt_out_list(OptOutListName=name)
        except (ClientError, BotoCoreError):
            return False
        return True


def _refusal(error: ClientError | BotoCoreError) -> str:
    """Return code, reason, resource type and field names. AWS's messages may quote input, so they are left out."""
    if not isinstance(error, ClientError):
        return type(error).__name__
    response: dict[str, Any] = dict(error.response)
    fields = [each.get("Name") for each in response.get("Fields") or [] if isinstance(each, dict)]
    parts = {"Reason": response.get("Reason"), "ResourceType": response.get("ResourceType"), "Fields": fields}
    more = [f"{name}={value}" for name, value in parts.items() if value]
    return ", ".join([f"{error.operation_name} {response['Error'].get('Code')}", *more])
