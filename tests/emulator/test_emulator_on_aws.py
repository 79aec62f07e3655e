"""How these tests run against AWS: what they may do there, what they leave behind, and what they tell. Here, moto is AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend
from support.aws_contract import ACCOUNT, NUMBER, RECIPIENTS, Guard, NotAllowed, Told, told_by

from moto_sms_voice.pinpointsmsvoicev2.models import pinpointsmsvoicev2_backends

SIMULATOR, RECIPIENT, OTHER = "+12065550107", "+14254147755", "+14254147167"
TOLD = Told("123456789012", SIMULATOR, (RECIPIENT, OTHER))
HERE = Path(__file__).parent
RUN = ("test_emulator_opted_out_numbers.py", "test_emulator_sending.py", "test_emulator_tags.py")


@pytest.fixture
def guard() -> Guard:
    """Of an account with two lists and a simulator number."""
    number = {
        "id": "phone-1",
        "arn": "arn:aws:sms-voice:us-east-1:123456789012:phone-number/phone-1",
        "list": "Default",
    }
    return Guard(TOLD, frozenset({"Default", "Theirs"}), number)


def test_without_an_account_nothing_runs_on_aws() -> None:
    """Off by default."""
    assert told_by({}) is None


@pytest.mark.parametrize(
    "environment",
    [{ACCOUNT: "1"}, {ACCOUNT: "123456789012", NUMBER: "SIM"}, {ACCOUNT: "123456789012", RECIPIENTS: "+1,x"}],
)
def test_what_cannot_be_meant_is_refused(environment: dict[str, str]) -> None:
    """A typing error must not change another account."""
    with pytest.raises(ValueError, match=r"takes? "):
        told_by(environment)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("RequestPhoneNumber", {"IsoCountryCode": "US"}),
        ("ReleasePhoneNumber", {"PhoneNumberId": "phone-1"}),
        ("CreatePool", {"OriginationIdentity": "phone-1"}),
        ("DeleteOptOutList", {"OptOutListName": "Default"}),
        ("PutOptedOutNumber", {"OptOutListName": "arn:aws:sms-voice:us-east-1:1:opt-out-list/Theirs"}),
        ("UpdatePhoneNumber", {"PhoneNumberId": "phone-2", "OptOutListName": "list-1"}),
        ("UpdatePhoneNumber", {"PhoneNumberId": "phone-1", "SelfManagedOptOutsEnabled": True}),
        ("UpdatePhoneNumber", {"PhoneNumberId": "phone-1", "OptOutListName": "Theirs"}),
        ("PutKeyword", {"OriginationIdentity": "phone-1", "Keyword": "stop"}),
        ("SendTextMessage", {"DestinationPhoneNumber": "+14255550182", "OriginationIdentity": SIMULATOR}),
        ("SendTextMessage", {"DestinationPhoneNumber": RECIPIENT}),
        ("TagResource", {"ResourceArn": "arn:aws:sms-voice:us-east-1:1:phone-number/phone-2", "Tags": []}),
        ("SomethingNew", {}),
    ],
)
def test_what_is_not_the_tests_own_is_never_touched(guard: Guard, operation: str, parameters: dict[str, Any]) -> None:
    """The call is not made."""
    with pytest.raises(NotAllowed):
        guard.check(operation, parameters)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("DescribeOptedOutNumbers", {"OptOutListName": "Default"}),
        ("PutOptedOutNumber", {"OptOutListName": "list-1"}),
        ("UpdatePhoneNumber", {"PhoneNumberId": "phone-1", "OptOutListName": "list-1"}),
        ("SendTextMessage", {"DestinationPhoneNumber": RECIPIENT, "OriginationIdentity": SIMULATOR}),
    ],
)
def test_what_is_the_tests_own_may_be_used(guard: Guard, operation: str, parameters: dict[str, Any]) -> None:
    """And anything may be looked at."""
    guard.check(operation, parameters)


def test_recipients_stand_in_the_order_of_those_that_tests_write() -> None:
    """Lists are returned in the order of their numbers."""
    told = told_by({ACCOUNT: "123456789012", RECIPIENTS: f"{RECIPIENT}, {OTHER}"})
    assert told is not None
    assert told.recipients == (OTHER, RECIPIENT)


def test_simulator_numbers_stand_in_for_those_that_tests_write(guard: Guard) -> None:
    """There and back, however they are nested."""
    asked = {"OptedOutNumbers": ["+14255550182", "14255550183"], "OriginationIdentity": "+12125550101"}
    real = {"OptedOutNumbers": [RECIPIENT, OTHER.lstrip("+")], "OriginationIdentity": SIMULATOR}
    assert (guard.outgoing(asked), guard.incoming(real)) == (real, asked)


@pytest.fixture
def account(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """moto's server in place of AWS: an account with another user's list and number, and a simulator number."""
    moto_api_backend.reset()
    backend = pinpointsmsvoicev2_backends["123456789012"]["us-east-1"]
    backend.create_opt_out_list("Theirs")
    backend.add_phone_number("+12065550111", opt_out_list_name="Theirs")
    backend.add_phone_number(SIMULATOR, number_type="SIMULATOR")
    for name, value in {
        "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x", ACCOUNT: "123456789012", NUMBER: SIMULATOR, RECIPIENTS: f"{RECIPIENT},{OTHER}",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return backend


def run(*files: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tests as the owner of an account does."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n0",
        "-q",
        "-p",
        "no:cacheprovider",
        *(str(HERE / file) for file in files),
    ]
    return subprocess.run(  # noqa: S603  our own tests
        command,
        cwd=HERE.parents[1],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def state(backend: Any) -> Any:
    """Return the account's state that must not change."""
    lists = {name: sorted(each.numbers) for name, each in backend.opt_out_lists.items()}
    numbers = {
        each.phone_number: (each.opt_out_list_name, each.two_way_enabled) for each in backend.phone_numbers.values()
    }
    tags = [backend.tagger.get_tag_dict_for_resource(each.phone_number_arn) for each in backend.phone_numbers.values()]
    return lists, numbers, tags


@pytest.mark.slow
def test_they_run_tell_where_aws_differs_and_leave_the_account_as_it_was(account: Any) -> None:
    """One operation behaves otherwise there; texts go from the simulator number to simulator numbers alone."""
    before = state(account)
    account.fail_next("UntagResource", "AccessDeniedException", times=1)
    done = run(*RUN)
    assert done.returncode == 1, done.stdout[-2000:]
    assert "the emulator and AWS" in done.stdout
    assert ", 1 differ, " in done.stdout
    assert "the emulator: A key has one value; removing what is not there is no error." in done.stdout
    assert "AWS: botocore.errorfactory.AccessDeniedException" in done.stdout
    assert "only the emulator can be asked for clock" in done.stdout
    assert "left behind" not in done.stdout
    assert state(account) == before
    sent = account.sent_texts()
    assert sent
    assert {(text.to, text.from_) for text in sent} <= {(to, SIMULATOR) for to in (RECIPIENT, OTHER)}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (Told("210987654321", None, ()), "not of 210987654321"),
        (Told("123456789012", "+12065550111", ()), "must be a simulator number"),
        (Told("123456789012", "+12065550199", ()), "must be a simulator number"),
    ],
)
def test_an_account_or_number_that_was_not_meant_is_left_alone(account: Any, told: Told, reason: str) -> None:
    """A mistake would change the list of a number in use."""
    with pytest.raises(NotAllowed, match=reason):
        Guard(told).look_round(boto3.client("sts"), boto3.client("pinpoint-sms-voice-v2"))
    assert all(record.operation.startswith("Describe") for record in account.request_log())
