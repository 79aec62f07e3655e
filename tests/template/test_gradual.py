"""A new version that fails for a tenth of the work is rolled back, even if Lambda itself sees no error."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from support.formation import Formation, formation
from support.template import REPOSITORY, resources, template

TEMPLATE = REPOSITORY / "template.yaml"
FUNCTIONS = sorted(resources("AWS::Serverless::Function"))
CAUGHT = {
    "InboundFunction": {"TextsFailed", "TextsPutAside"},
    "NotifyFunction": {"EventsDelayed", "EventsPutAside"},
    "ApiFunction": {"ApiRequestsFailed"},
}
"""What a function counts when it catches a failure itself: a partial batch response, or an answer that says so."""


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def _gradually(how: str = "Canary10Percent5Minutes") -> Formation:
    return formation(TEMPLATE, Deployment=how, AccessKeys="Enabled", BodyRetentionDays="365")


def _alarm(function: str) -> tuple[str, dict[str, Any]]:
    """The one that takes a function's deployment back."""
    group = _gradually().resources[f"{function}DeploymentGroup"]["Properties"]
    (watched,) = group["AlarmConfiguration"]["Alarms"]
    name = watched["Name"].strip("<>")
    return name, _gradually().resources[name]["Properties"]


def test_all_at_once_ignores_alarms() -> None:
    """A fix must be deployable while alarms are on. The template then has no CodeDeploy resources."""
    made = formation(TEMPLATE, AccessKeys="Enabled", BodyRetentionDays="365")
    assert template()["Parameters"]["Deployment"]["Default"] == "AllAtOnce"
    assert made.of_type("AWS::CodeDeploy::") == {}
    assert [name for name in made.resources if "Rollback" in name or "CodeDeploy" in name] == []
    assert [name for name, each in made.resources.items() if "UpdatePolicy" in each] == []


@pytest.mark.slow
@pytest.mark.parametrize("how", sorted(set(template()["Parameters"]["Deployment"]["AllowedValues"]) - {"AllAtOnce"}))
def test_every_function_is_shifted_as_chosen(how: str) -> None:
    """By a configuration that CodeDeploy has under that name."""
    made = _gradually(how)
    for function in FUNCTIONS:
        group = made.resources[f"{function}DeploymentGroup"]["Properties"]
        assert group["DeploymentConfigName"] == f"CodeDeployDefault.Lambda{how}"
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        policy = made.resources[f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert policy["DeploymentGroupName"] == f"<{function}DeploymentGroup>"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_deployment_is_taken_back_when_the_new_version_crashes(function: str) -> None:
    """Errors of the new version alone: those of the version before must not hold up its fix."""
    _, alarm = _alarm(function)
    crashed = {each["Id"]: each for each in alarm["Metrics"]}["crashed"]["MetricStat"]["Metric"]
    assert (crashed["Namespace"], crashed["MetricName"]) == ("AWS/Lambda", "Errors")
    dimensions = {each["Name"]: each["Value"] for each in crashed["Dimensions"]}
    assert dimensions["FunctionName"] == f"<{function}>"
    assert dimensions["Resource"] == f"<{function}>:live"
    assert re.fullmatch(rf"<{function}Version\w+\.Version>", dimensions["ExecutedVersion"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_deployment_is_taken_back_when_the_new_version_catches_failures(function: str) -> None:
    """A text that fails in a batch is no error of Lambda's: the function's own count of it is the only sign."""
    _, alarm = _alarm(function)
    (expression,) = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
    stats = {each["Id"]: each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each}
    assert set(re.findall(r"FILL\((\w+), 0\)", expression)) == set(stats)
    own = {metric["MetricName"]: metric for metric in stats.values() if metric["Namespace"] != "AWS/Lambda"}
    assert set(own) == CAUGHT.get(function, set())
    variables = resources("AWS::Serverless::Function")[function]["Properties"]["Environment"]["Variables"]
    for metric in own.values():
        assert metric["Namespace"] == "SmsConsent/sms-consent"
        assert metric["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]


@pytest.mark.parametrize("function", sorted(CAUGHT))
def test_what_an_alarm_counts_is_what_the_function_counts(function: str) -> None:
    """Under its very name."""
    packages = {
        "InboundFunction": "sms_consent/inbound",
        "NotifyFunction": "sms_consent/publishing",
        "ApiFunction": "handlers",
    }
    package = packages[function]
    written = {
        node.value
        for path in (REPOSITORY / "functions" / package).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
    }
    assert written >= CAUGHT[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_one_failure_within_a_minute_is_enough(function: str) -> None:
    """The shortest canary takes five, and the metrics come a minute late."""
    _, alarm = _alarm(function)
    assert {each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each} == {60}
    assert (alarm["EvaluationPeriods"], alarm["Threshold"], alarm["TreatMissingData"]) == (1, 0, "notBreaching")


def test_who_moves_the_aliases_may_do_that_alone() -> None:
    """Each function's, and looks at alarms; what SAM would give it reaches into every bucket and topic of the account."""
    made = _gradually()
    assert "CodeDeployServiceRole" not in made.resources
    move, look = made.resources["DeploymentRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert set(move["Resource"]) == {f"<{function}.Arn>*" for function in FUNCTIONS}
    assert look["Action"] == "cloudwatch:DescribeAlarms"
    for function in FUNCTIONS:
        assert made.resources[f"{function}DeploymentGroup"]["Properties"]["ServiceRoleArn"] == "<DeploymentRole.Arn>"


def test_every_role_can_be_bounded() -> None:
    """A pipeline that may create roles is as strong as the strongest role it may create."""
    bounds = "arn:aws:iam::123456789012:policy/bounds"
    made = formation(
        TEMPLATE,
        Deployment="Canary10Percent5Minutes",
        AccessKeys="Enabled",
        BodyRetentionDays="365",
        PermissionsBoundaryArn=bounds,
    )
    roles = made.of_type("AWS::IAM::Role")
    assert {name for name, role in roles.items() if role.get("PermissionsBoundary") != bounds} == set()
