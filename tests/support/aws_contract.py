"""What the emulator's tests may do when they run against AWS itself, and how it is told where AWS differs.

Nothing but what the tests made themselves, and the simulator numbers that they were told of, is ever changed: a call beyond
that is not made, and its test skipped with the reason. What was made is deleted, and what was changed is set back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

__all__ = ["ACCOUNT", "NUMBER", "RECIPIENTS", "Guard", "NotAllowed", "Told", "differences", "told_by"]

ACCOUNT = "EMULATOR_TESTS_ON_AWS"
NUMBER = "EMULATOR_TESTS_ON_AWS_NUMBER"
RECIPIENTS = "EMULATOR_TESTS_ON_AWS_RECIPIENTS"

OUR_STAND_IN = "+12125550101"
PEOPLE_STAND_INS = ("+14255550182", "+14255550183")
"""The numbers that tests write; on AWS, the simulator numbers stand in their places."""

ALWAYS_THERE = ("HELP", "STOP")

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_LIST = re.compile(r"[A-Za-z0-9_-]{1,64}")
_READS = ("Describe", "List", "Get")


class NotAllowed(Exception):
    """A call that these tests do not make on AWS; the message says why."""


@dataclass(frozen=True, slots=True)
class Told:
    """Where the tests may run, and which simulator numbers they may use."""

    account: str
    number: str | None
    recipients: tuple[str, ...]


def told_by(environment: Mapping[str, str]) -> Told | None:
    """None: not on AWS. Raises ValueError for what cannot be meant: a wrong account would be somebody's own."""
    account = environment.get(ACCOUNT, "")
    if not account:
        return None
    if not re.fullmatch(r"[0-9]{12}", account):
        raise ValueError(f"{ACCOUNT} takes the 12 digits of the account that the tests may change")
    recipients = tuple(part.strip() for part in environment.get(RECIPIENTS, "").split(",") if part.strip())
    number = environment.get(NUMBER) or None
    if not all(_PHONE.fullmatch(each) for each in (*recipients, *([number] if number else []))):
        raise ValueError(
            f"{NUMBER} and {RECIPIENTS} take phone numbers as +12065550100, the latter with commas between"
        )
    # In the order of their stand-ins: lists are told in the order of their numbers.
    return Told(account, number, tuple(sorted(recipients[: len(PEOPLE_STAND_INS)])))


@dataclass
class Guard:
    """Holds every call against what is allowed, and remembers what must be undone."""

    told: Told
    foreign_lists: frozenset[str] = frozenset()  # those that stood before the tests began
    number: Mapping[str, str] | None = None  # the simulator number as AWS described it at first
    made_lists: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    _undo: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def look_round(self, sts: Any, sms: Any) -> None:
        """The account that was meant, and the simulator number in it, before anything is changed. Raises NotAllowed."""
        found = sts.get_caller_identity()["Account"]
        if found != self.told.account:
            raise NotAllowed(f"these credentials are of the account {found}, not of {self.told.account}")
        pages = sms.get_paginator("describe_opt_out_lists").paginate()
        self.foreign_lists = frozenset(each["OptOutListName"] for page in pages for each in page["OptOutLists"])
        if self.told.number is None:
            return
        for page in sms.get_paginator("describe_phone_numbers").paginate():
            for each in page["PhoneNumbers"]:
                if (each["PhoneNumber"], each["NumberType"]) == (self.told.number, "SIMULATOR") and not each.get(
                    "PoolId"
                ):
                    self.number = {
                        "id": each["PhoneNumberId"],
                        "arn": each["PhoneNumberArn"],
                        "list": each["OptOutListName"],
                    }
        if self.number is None:
            raise NotAllowed(f"{NUMBER} must be a simulator number of this account and region, in no pool")

    # --- stand-ins

    def outgoing(self, value: Any) -> Any:
        """A request with the real numbers."""
        return _replaced(value, self._real)

    def incoming(self, value: Any) -> Any:
        """An answer with the numbers that the tests know."""
        return _replaced(value, {real: stand_in for stand_in, real in self._real.items()})

    @property
    def _real(self) -> dict[str, str]:
        pairs = dict(zip(PEOPLE_STAND_INS, self.told.recipients, strict=False))
        if self.told.number is not None:
            pairs[OUR_STAND_IN] = self.told.number
        return pairs | {stand_in.lstrip("+"): real.lstrip("+") for stand_in, real in pairs.items()}

    # --- what is allowed

    def check(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raises NotAllowed. What is made or changed is remembered."""
        if operation.startswith(_READS):
            return
        rules: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "CreateOptOutList": self._create_list,
            "DeleteOptOutList": self._list,
            "PutOptedOutNumber": self._list,
            "DeleteOptedOutNumber": self._list,
            "UpdatePhoneNumber": self._update_number,
            "PutKeyword": self._put_keyword,
            "DeleteKeyword": self._keyword,
            "SendTextMessage": self._send,
            "TagResource": self._tag,
            "UntagResource": self._tagged,
        }
        if operation not in rules:
            raise NotAllowed(
                f"{operation} would change more of the account than a list of the tests' own, or cost money"
            )
        rules[operation](parameters)

    def _create_list(self, parameters: Mapping[str, Any]) -> None:
        name = str(parameters.get("OptOutListName"))
        if name not in self.foreign_lists and _LIST.fullmatch(name):
            self.made_lists.append(name)

    def _list(self, parameters: Mapping[str, Any]) -> None:
        name = str(parameters.get("OptOutListName")).rpartition("/")[2]
        if name in self.foreign_lists:
            raise NotAllowed("it would change a list that is not the tests' own")

    def _update_number(self, parameters: Mapping[str, Any]) -> None:
        self._ours(str(parameters.get("PhoneNumberId")))
        if set(parameters) != {"PhoneNumberId", "OptOutListName"}:
            raise NotAllowed("it would change more of the simulator number than its list")
        self._list(parameters)

    def _put_keyword(self, parameters: Mapping[str, Any]) -> None:
        self._keyword(parameters)
        if str(parameters.get("Keyword")).upper() in ALWAYS_THERE:
            raise NotAllowed("it would change what the simulator number answers to a keyword that it must have")
        keyword = {name: parameters[name] for name in ("OriginationIdentity", "Keyword") if name in parameters}
        self._undo.append(("delete_keyword", keyword))

    def _keyword(self, parameters: Mapping[str, Any]) -> None:
        self._ours(str(parameters.get("OriginationIdentity")))

    def _send(self, parameters: Mapping[str, Any]) -> None:
        if parameters.get("DestinationPhoneNumber") not in self.told.recipients:
            raise NotAllowed(f"it would text a number that is not among {RECIPIENTS}")
        if "OriginationIdentity" not in parameters:
            raise NotAllowed("AWS would choose one of the account's numbers to send from")

    def _tag(self, parameters: Mapping[str, Any]) -> None:
        self._tagged(parameters)
        keys = [tag["Key"] for tag in parameters.get("Tags", []) if isinstance(tag, Mapping) and "Key" in tag]
        if ":phone-number/" in str(parameters.get("ResourceArn")) and keys:
            self._undo.append(("untag_resource", {"ResourceArn": parameters["ResourceArn"], "TagKeys": keys}))

    def _tagged(self, parameters: Mapping[str, Any]) -> None:
        arn = str(parameters.get("ResourceArn"))
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if kind == "opt-out-list" and name in self.foreign_lists:
            raise NotAllowed("it would tag a list that is not the tests' own")
        if kind in {"phone-number", "pool"}:
            self._ours(arn)

    def _ours(self, identity: str) -> None:
        known = {} if self.number is None else self.number
        if identity not in {*known.values(), self.told.number}:
            raise NotAllowed(f"it would change a number that is not the one in {NUMBER}")

    # --- afterwards

    def clean(self, sms: Any) -> None:
        """Undo what was done: keywords and tags of the number, its list, and the lists that were made. Newest first.

        What cannot be undone holds up nothing else, and is told at the end.
        """
        steps = list(reversed(self._undo))
        if self.number is not None and self.made_lists:
            back = {"PhoneNumberId": self.number["id"], "OptOutListName": self.number["list"]}
            steps.append(("update_phone_number", back))
        steps += [("delete_opt_out_list", {"OptOutListName": name}) for name in self.made_lists]
        self._undo.clear()
        self.made_lists.clear()
        for operation, parameters in steps:
            try:
                getattr(sms, operation)(**parameters)
            except sms.exceptions.ResourceNotFoundException:
                continue  # gone already
            except ClientError as error:
                self.left_behind.append(f"{operation} {parameters}: {error.response['Error'].get('Code')}")


def _replaced(value: Any, pairs: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return pairs.get(value, value)
    if isinstance(value, dict):
        return {name: _replaced(each, pairs) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, pairs) for each in value]
    return value


def differences(reports: Iterable[Any], claims: Mapping[str, str]) -> list[str]:
    """One paragraph for each test that AWS does not pass: what the emulator takes to be so, and what was seen."""
    told = []
    for report in reports:
        crash = getattr(report.longrepr, "reprcrash", None)
        seen = crash.message.splitlines()[0] if crash is not None else str(report.longrepr).splitlines()[-1]
        told.append(f"{report.nodeid}\n  the emulator: {claims.get(report.nodeid, '')}\n  AWS: {seen}")
    return told
