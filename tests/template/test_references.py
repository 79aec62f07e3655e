"""With every choice of parameters, all references of the template exist, and event sources may invoke their functions."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from support.formation import Formation, formation
from support.template import REPOSITORY, template

TEMPLATE = REPOSITORY / "template.yaml"
ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}"
LIST, CLUB = (ACCOUNT.format("sms-voice", f"opt-out-list/{name}") for name in ("Kept", "Club"))
CHOICES: dict[str, tuple[str, ...]] = {
    "ExistingTopicArn": ("", ACCOUNT.format("sns", "two-way")),
    "ExistingOptOutListArn": ("", LIST),
    "AdditionalOptOutListArns": ("", f"{CLUB},{CLUB}2"),
    "AlarmTopicArn": ("", ACCOUNT.format("sns", "alarms")),
    "AccessKeys": ("Disabled", "Enabled"),
    "Deployment": ("AllAtOnce", "Canary10Percent5Minutes"),
    "PermissionsBoundaryArn": ("", "arn:aws:iam::123456789012:policy/bounds"),
    "AwsEndpointUrl": ("", "http://172.17.0.1:4566"),
}
"""Whatever a condition looks at, both ways."""
LEDGER = {
    "ExistingLedgerTable": "kept",
    "ExistingLedgerStreamArn": ACCOUNT.format("dynamodb", "table/kept/stream/2026-11-03T14:00:00.000"),
    "ExistingKeyArn": ACCOUNT.format("kms", "key/kept"),
}
SETS = [
    # Tracing, retention, reservation and the ledger are independent of these choices. Choices of their own would double the sets.
    dict(zip(CHOICES, chosen, strict=True))
    | (LEDGER if chosen[6] else {})
    | {"Tracing": "Enabled" if chosen[0] else "Disabled", "BodyRetentionDays": "365" if chosen[1] else "0"}
    | {
        "InboundReservedConcurrency": "5" if chosen[0] else "0",
        "ReplyConfigurationSet": "receipts" if chosen[1] else "",
    }
    for chosen in product(*CHOICES.values())
]
NEVER = {"Never"}
"""A condition that is there to be false."""


@pytest.fixture(scope="module", autouse=True)
def region() -> Any:
    """AWS's transform asks for one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield


@pytest.fixture(scope="module")
def formations(region: Any) -> list[Formation]:
    """The template under every choice."""
    return [formation(TEMPLATE, **chosen) for chosen in SETS]


def test_every_condition_is_tried_both_ways(formations: list[Formation]) -> None:
    """A condition that is new here needs a choice above."""
    for name in template()["Conditions"]:
        decided = {each.condition(name) for each in formations}
        assert decided == ({False} if name in NEVER else {True, False}), name


def test_whatever_is_referred_to_exists(formations: list[Formation]) -> None:
    """A Ref to a resource whose condition is false is an error of the deployment, and shows only under those parameters."""
    for each in formations:
        assert each.dangling() == []


def test_the_check_notices_what_is_missing(region: Any) -> None:
    """A reference into the other side of a condition is found."""
    with_topic = formation(TEMPLATE, ExistingTopicArn=ACCOUNT.format("sns", "two-way"))
    assert "InboundTopic" not in with_topic.resources
    broken = {**with_topic.document, "Outputs": {"Broken": {"Value": {"Fn::Sub": "${InboundTopic.TopicName}"}}}}
    assert Formation(broken, with_topic.parameters, "us-east-1").dangling() == ["output Broken refers to InboundTopic"]


@pytest.mark.slow
def test_no_value_comes_out_empty_or_is_left_unresolved(formations: list[Formation]) -> None:
    """Each resource in a policy is an ARN of something that exists, whatever was chosen."""
    for each in formations:
        for name, role in each.of_type("AWS::IAM::Role").items():
            for statement in _statements(role):
                for resource in _listed(statement["Resource"]):
                    expected = r"\*" if statement.get("Sid") == "Traces" else r"<\w+(\.\w+)?>(/[\w*/]+|\*)?|arn:aws:.+"
                    assert re.fullmatch(expected, resource), (name, statement["Sid"], resource)


def test_the_functions_may_use_exactly_the_lists_that_were_chosen(formations: list[Formation]) -> None:
    """The stack's own or the existing one, and the additional ones."""
    for each in formations:
        own = each.parameters["ExistingOptOutListArn"] or "<OptOutList.Arn>"
        additional = each.parameters["AdditionalOptOutListArns"]
        expected = {own, *(additional.split(",") if additional else [])}
        (statement,) = [
            s for s in _statements(each.of_type("AWS::IAM::Role")["InboundRole"]) if s["Sid"] == "OptOutList"
        ]
        assert set(_listed(statement["Resource"])) == expected


def test_event_source_mappings_may_read_their_queue_or_stream(formations: list[Formation]) -> None:
    """Lambda's poller reads in the function's name: without its permissions, no event ever comes, and nothing fails."""
    for each in formations:
        mappings = each.of_type("AWS::Lambda::EventSourceMapping")
        assert mappings
        for mapping in mappings.values():
            allowed = _allowed(each, _function_of(each, mapping["FunctionName"]))
            source = mapping["EventSourceArn"]
            reads_stream = source.endswith(".StreamArn>") or "/stream/" in source
            wanted = ("DescribeStream", "GetRecords", "GetShardIterator") if reads_stream else None
            service = "dynamodb" if wanted else "sqs"
            for action in wanted or ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
                assert (f"{service}:{action}", source) in allowed
            if failed := mapping.get("DestinationConfig"):
                assert ("sqs:SendMessage", failed["OnFailure"]["Destination"]) in allowed


def test_every_schedule_may_invoke_its_function(formations: list[Formation]) -> None:
    """By the same name, version or alias, that it invokes."""
    for each in formations:
        rules = each.of_type("AWS::Events::Rule")
        assert rules
        for name, rule in rules.items():
            for target in rule["Targets"]:
                assert ("events.amazonaws.com", target["Arn"], f"<{name}.Arn>") in _invocations(each)


def test_every_gateway_may_invoke_what_it_routes_to(formations: list[Formation]) -> None:
    """The function of each integration."""
    for each in formations:
        permissions = _invocations(each)
        routed = [
            (name, operation["x-amazon-apigateway-integration"]["uri"])
            for name, api in each.of_type("AWS::ApiGatewayV2::Api").items()
            for operations in api.get("Body", {}).get("paths", {}).values()
            for operation in operations.values()
        ]
        found = each.of_type("AWS::ApiGatewayV2::Integration").values()
        routed += [(made["ApiId"].strip("<>"), made["IntegrationUri"]) for made in found]
        assert len(routed) >= 5
        for api, uri in routed:
            (function,) = re.findall(r"<\w+>", uri)
            granted = [arn for who, what, arn in permissions if (who, what) == ("apigateway.amazonaws.com", function)]
            assert any(f":<{api}>/" in arn for arn in granted), (api, uri)


def test_a_function_may_read_access_keys_only_if_they_are_enabled(formations: list[Formation]) -> None:
    """ApiFunction, which verifies them, and no other; where there are none, it is not told of a secret either."""
    for each in formations:
        enabled = each.parameters["AccessKeys"] == "Enabled"
        for name, function in each.of_type("AWS::Lambda::Function").items():
            reads = {action for action, _ in _allowed(each, function) if action.startswith("secretsmanager:")}
            assert reads == ({"secretsmanager:GetSecretValue"} if enabled and name == "ApiFunction" else set()), name
            named = "ACCESS_KEYS_SECRET" in function["Environment"]["Variables"]
            assert named == (enabled and name == "ApiFunction"), name


def test_everything_invokes_a_function_by_its_alias(formations: list[Formation]) -> None:
    """Who passes it by would get a new version at once, however gradually it is deployed."""
    for each in formations:
        aliases = {f"<{name}>" for name in each.of_type("AWS::Lambda::Alias")}
        invoked = {mapping["FunctionName"] for mapping in each.of_type("AWS::Lambda::EventSourceMapping").values()}
        invoked |= {what for _, what, _ in _invocations(each)}
        assert invoked <= aliases


def test_alarms_look_at_what_exists(formations: list[Formation]) -> None:
    """A metric of another name than the function's or queue's own is silent for ever."""
    for each in formations:
        for name, alarm in each.of_type("AWS::CloudWatch::Alarm").items():
            for dimension in _dimensions(alarm):
                if dimension["Name"] in {"FunctionName", "QueueName"}:
                    assert dimension["Value"].strip("<>").partition(".")[0] in each.resources, name


def _dimensions(alarm: dict[str, Any]) -> list[dict[str, str]]:
    metrics = [stat["MetricStat"]["Metric"] for stat in alarm.get("Metrics", []) if "MetricStat" in stat]
    return [dimension for metric in (alarm, *metrics) for dimension in metric.get("Dimensions", [])]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for policy in role.get("Policies", []) for each in policy["PolicyDocument"]["Statement"]]


def _function_of(formation: Formation, alias: str) -> dict[str, Any]:
    function = formation.of_type("AWS::Lambda::Alias")[alias.strip("<>")]["FunctionName"]
    return formation.of_type("AWS::Lambda::Function")[function.strip("<>")]


def _allowed(formation: Formation, function: dict[str, Any]) -> set[tuple[str, str]]:
    role = formation.of_type("AWS::IAM::Role")[function["Role"].strip("<>").partition(".")[0]]
    return {
        (action, resource)
        for statement in _statements(role)
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _invocations(formation: Formation) -> set[tuple[str, str, str]]:
    return {
        (each["Principal"], each["FunctionName"], each["SourceArn"])
        for each in formation.of_type("AWS::Lambda::Permission").values()
    }
