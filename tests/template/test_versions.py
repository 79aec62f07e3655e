"""CloudFormation publishes a new version of a function exactly when the update changes the function.

Without a new version, the alias that everything invokes keeps the old settings. A new version of an unchanged function fails the
update: "A version for this Lambda function exists (N). Modify the function to create a new version."
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest

# It has no type information.
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from support.formation import Formation, formation
from support.template import REPOSITORY, resources, template

PARAMETERS: dict[str, dict[str, Any]] = template()["Parameters"]
FUNCTIONS = sorted(resources("AWS::Serverless::Function"))
LIST = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Club"
REQUIRED = {"Brand": "Example Bank", "SupportContact": "help.example.com"}
OTHERS = {
    "AdditionalOptOutListArns": LIST,
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "AwsEndpointUrl": "http://172.17.0.1:4566",
    "ExistingKeyArn": "arn:aws:kms:us-east-1:123456789012:key/0b04e2f6-7b5c-4b3a-9b8e-6d2f3a1c5e7d",
    "ExistingLedgerStreamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/old-ledger/stream/2026-11-30T00:00:00.000",
    "ExistingLedgerTable": "old-ledger",
    "ExistingOptOutListArn": LIST,
    "ExistingTopicArn": "arn:aws:sns:us-east-1:123456789012:texts",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bounds",
    "SuggestionPostbacks": "leave=OPT_OUT",
    "TierActions": "SENTENCE=ASK",
}
"""Values for parameters whose pattern accepts no ordinary word."""
FLIPPED = {
    **{name: value for name, value in OTHERS.items() if name.endswith(("Arn", "Arns", "Table", "Url"))},
    "AccessKeys": "Enabled",
    "BodyRetentionDays": "30",
    "InboundReservedConcurrency": "5",
    "Tracing": "Enabled",
}
"""Parameters that turn every condition of a function to its other side."""
NOT_IN_A_VERSION = {"Code", "ReservedConcurrentExecutions", "Tags"}
"""Properties of a function that a version does not hold, and the code, whose place comes from the build."""


class Published(NamedTuple):
    """A function as an update leaves it: the logical id of its version, and what the version holds."""

    version: str
    properties: dict[str, Any]


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def _published(chosen: Mapping[str, Any], document: dict[str, Any] | None = None) -> dict[str, Published]:
    """Transform the functions alone, which takes a tenth of the time and gives their versions the same logical ids."""
    source = copy.deepcopy(document or template())
    source["Globals"]["Function"] |= {"CodeUri": "s3://local/code.zip"}
    source["Globals"]["Function"].pop("DeploymentPreference")
    functions = {name: source["Resources"][name] for name in FUNCTIONS}
    for function in functions.values():
        for part in ("Events", "DeploymentPreference", "EventInvokeConfig"):
            function["Properties"].pop(part, None)
    source |= {"Resources": functions, "Outputs": {}}
    result = transform(source, REQUIRED | dict(chosen), _NoManagedPolicies())
    values = {name: about.get("Default") for name, about in PARAMETERS.items()} | REQUIRED | dict(chosen)
    texts = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in values.items()}
    made = Formation(result, texts, "us-east-1")
    versions = {each["FunctionName"].strip("<>"): name for name, each in made.of_type("AWS::Lambda::Version").items()}
    return {
        name: Published(versions[name], {k: v for k, v in each.items() if k not in NOT_IN_A_VERSION})
        for name, each in made.of_type("AWS::Lambda::Function").items()
    }


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


@cache
def _before(flipped: bool) -> dict[str, Published]:
    return _published(FLIPPED if flipped else {})


def _other(name: str, value: str) -> str:
    """A valid value of a parameter that is not the given one."""
    about = PARAMETERS[name]
    if "AllowedValues" in about:
        return next(str(each) for each in about["AllowedValues"] if str(each) != value)
    if about["Type"] == "Number":
        return str(int(value) + 1)
    if value and about.get("Default") == "" and name in OTHERS:
        return ""
    other = OTHERS.get(name, "another")
    assert re.fullmatch(about.get("AllowedPattern", ".*"), other), f"say in OTHERS what else {name} may be"
    return other


def _differences(before: Mapping[str, Published], after: Mapping[str, Published]) -> dict[str, tuple[bool, bool]]:
    """For each function of both: whether its version is a new one, and whether the function itself differs."""
    return {
        name: (before[name].version != after[name].version, before[name].properties != after[name].properties)
        for name in before.keys() & after.keys()
    }


def _assert_versions_follow_functions(name: str, flipped: bool) -> None:
    chosen = FLIPPED if flipped else {}
    value = str(chosen.get(name, PARAMETERS[name].get("Default", REQUIRED.get(name))))
    changes = _differences(_before(flipped), _published({**chosen, name: _other(name, value)}))
    assert {function: version for function, (version, _) in changes.items()} == {
        function: changed for function, (_, changed) in changes.items()
    }


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_changed_parameter_publishes_versions_of_the_functions_that_it_changes_and_of_no_other(name: str) -> None:
    """Both ways, from a stack with the defaults."""
    _assert_versions_follow_functions(name, flipped=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_so_it_does_where_every_condition_is_the_other_way(name: str) -> None:
    """Both ways, from a stack with everything that a parameter can turn on."""
    _assert_versions_follow_functions(name, flipped=True)


def test_every_condition_of_a_function_is_tested_with_both_values() -> None:
    """A new condition must be turned by FLIPPED."""
    used = set(re.findall(r"'Fn::If': \['(\w+)'", str([template()["Globals"], resources("AWS::Serverless::Function")])))
    used |= {each.get("Condition") for each in resources("AWS::Serverless::Function").values()} - {None}
    used = {each for each in used if not each.startswith(("Gradually", "Never"))}  # alarms, and the list of parameters
    one, other = (formation(REPOSITORY / "template.yaml", **REQUIRED, **chosen) for chosen in ({}, FLIPPED))
    assert [name for name in used if one.condition(name) == other.condition(name)] == []


def test_another_revision_changes_every_function() -> None:
    """A pipeline deploys a new revision with each push, also if the push left the build unchanged."""
    after = _published({**FLIPPED, "Revision": "4a0377d"})
    assert _differences(_before(True), after) == dict.fromkeys(FUNCTIONS, (True, True))


def test_a_default_that_is_given_by_name_publishes_nothing() -> None:
    """The transform gets a value as text. A default that is written as a number would be another value."""
    given = {name: str(about["Default"]) for name, about in PARAMETERS.items() if "Default" in about}
    assert _published(given) == _before(False)


@pytest.mark.parametrize("lists", ["", LIST, f"{LIST},{LIST}2", [LIST], [LIST, f"{LIST}2"]])
def test_lists_may_be_given_to_the_transform_as_text_or_as_list(lists: str | list[str]) -> None:
    """Reconcile's version follows them either way."""
    after = _published({"AdditionalOptOutListArns": lists})
    changed = bool(lists)
    assert _differences(_before(False), after) == {
        name: (changed and name == "ReconcileFunction",) * 2 for name in _before(False)
    }


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("Architectures", ["x86_64"]),
        ("Description", "Something else"),
        ("EphemeralStorage", {"Size": 1024}),
        ("Handler", "other.handler.handler"),
        ("LoggingConfig", {"LogGroup": "other"}),
        ("MemorySize", 1024),
        ("Role", "arn:aws:iam::123456789012:role/other"),
        ("Runtime", "python3.14"),
        ("Timeout", 21),
        ("Tracing", "PassThrough"),
    ],
)
def test_a_change_of_the_template_itself_publishes_versions(setting: str, value: Any) -> None:
    """No parameter has changed, and the code is the same."""
    document = copy.deepcopy(template())
    for name in FUNCTIONS:
        document["Resources"][name]["Properties"][setting] = value
    assert set(_differences(_before(True), _published(FLIPPED, document)).values()) == {(True, True)}


def test_another_variable_in_the_environment_publishes_versions() -> None:
    """Of the functions that have it."""
    document = copy.deepcopy(template())
    document["Resources"]["SweepFunction"]["Properties"]["Environment"]["Variables"]["NEW"] = "1"
    assert _differences(_before(False), _published({}, document)) == {
        name: (name == "SweepFunction",) * 2 for name in _before(False)
    }


def test_nothing_changed_publishes_nothing() -> None:
    """A version says that something is different."""
    assert _published({}) == _before(False)


def test_a_version_does_not_outlive_an_update_that_is_rolled_back() -> None:
    """The same update would fail when it is tried again, because its version exists already."""
    made = formation(REPOSITORY / "template.yaml").resources.values()
    versions = [each for each in made if each["Type"] == "AWS::Lambda::Version"]
    assert versions
    assert {each["DeletionPolicy"] for each in versions} == {"Delete"}


def test_the_listed_parameters_set_nothing() -> None:
    """They stand where a key for the code would, in a branch that is never taken."""
    assert not formation(REPOSITORY / "template.yaml", **FLIPPED).condition("Never")
    for function in formation(REPOSITORY / "template.yaml", **FLIPPED).of_type("AWS::Lambda::Function").values():
        assert set(function["Code"]) == {"S3Bucket", "S3Key"}


@pytest.mark.slow
def test_functions_alone_have_the_versions_that_they_have_in_the_whole_template() -> None:
    """What the tests above transform is what is deployed."""
    whole = formation(REPOSITORY / "template.yaml", **FLIPPED | REQUIRED)
    bare = {name: each["Environment"] for name, each in whole.of_type("AWS::Lambda::Function").items()}
    assert {name: each.properties["Environment"] for name, each in _before(True).items()} == bare
