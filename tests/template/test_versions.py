"""Every change that a deployment makes to a function is published as a version of it: what runs is what was deployed."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from support.template import REPOSITORY, resources, template

from cli.local.template import read_template

ELSEWHERE = {
    "AccessKeyRequestsPerSecond": "a setting of the gateway",
    "AlarmTopicArn": "whom alarms tell",
    "ApiRequestsPerSecond": "a setting of the gateway",
    "Deployment": "how a version takes over, not what is in it",
    "ExistingKeyArn": "a setting of topic, queues, logs and roles",
    "ExistingLedgerStreamArn": "a setting of the stream's mapping",
    "ExistingTopicArn": "what the queue is subscribed to",
    "InboundMaximumConcurrency": "a setting of the queue's mapping",
    "InboundReservedConcurrency": "a setting of the function, not of its versions",
    "LogRetentionDays": "a setting of log groups",
    "PermissionsBoundaryArn": "a setting of roles",
}
"""Parameters that change nothing about a function."""
OTHERS = {
    "AccessKeys": "Disabled",
    "AdditionalOptOutListArns": "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Club",
    "Architecture": "x86_64",
    "AwsEndpointUrl": "http://172.17.0.1:4566",
    "DefaultLanguage": "fr",
    "EventBusName": "other",
    "ExistingOptOutListArn": "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Kept",
    "ExistingLedgerTable": "kept",
    "LogLevel": "DEBUG",
    "OptInScope": "ALL",
    "OptOutScope": "ALL",
    "TierActions": "SENTENCE=ASK",
    "Tracing": "Enabled",
    "UnknownSenders": "REFUSE",
}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def _versions(**chosen: str) -> dict[str, str]:
    """The logical id of each function's version: a new one is published where it changes."""
    document: dict[str, Any] = read_template(REPOSITORY / "template.yaml", chosen).document
    found = (each for each in document["Resources"].items() if each[1]["Type"] == "AWS::Lambda::Version")
    return {each["Properties"]["FunctionName"]["Ref"]: name for name, each in found}


@cache
def _first() -> dict[str, str]:
    return _versions()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(template()["Parameters"]) - set(ELSEWHERE)))
def test_a_changed_parameter_gets_to_the_live_version(name: str) -> None:
    """SAM itself looks at a function's parameters by name and not by value: the live version would keep the old one."""
    about = template()["Parameters"][name]
    other = OTHERS.get(name, str(int(about["Default"]) + 1) if about["Type"] == "Number" else "another")
    before, after = _first(), _versions(**{name: other})
    assert set(before) == set(after) == set(resources("AWS::Serverless::Function"))
    assert [function for function in before if before[function] == after[function]] == []


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_parameters_left_out_there_are_in_no_function(name: str) -> None:
    """Nothing but names of parameters that functions do not have may be left out."""
    functions = {"Globals": template()["Globals"], **resources("AWS::Serverless::Function")}
    for function in functions.values():
        settings = str((function.get("Properties") or function["Function"])["Environment"])
        assert f"'{name}'" not in settings


def test_nothing_changed_publishes_nothing() -> None:
    """A version says that something is different."""
    assert _versions() == _first()


def test_what_makes_versions_sets_nothing() -> None:
    """It stands where a key for the code would, and comes to no value."""
    chosen, _, otherwise = template()["Globals"]["Function"]["SourceKMSKeyArn"]["Fn::If"]
    assert template()["Conditions"][chosen] == {"Fn::Equals": [{"Ref": "AWS::StackName"}, ""]}
    assert otherwise == {"Ref": "AWS::NoValue"}
