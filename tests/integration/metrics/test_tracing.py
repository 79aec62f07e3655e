"""X-Ray is off by default; if it is on, every function may write its traces."""

from __future__ import annotations

from typing import Any

import pytest
from support.formation import formation
from support.template import REPOSITORY, template

from sms_consent_cli.local.template import read_template


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_tracing_is_off_by_default() -> None:
    """It costs by the trace."""
    assert template()["Parameters"]["Tracing"]["Default"] == "Disabled"


def test_every_function_is_traced_where_it_is_on() -> None:
    """As AWS's transform makes it of the template."""
    document = read_template(REPOSITORY / "template.yaml", {}).document
    functions = [each for each in document["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]
    modes = [each["Properties"]["TracingConfig"]["Mode"] for each in functions]
    assert modes == [{"Fn::If": ["UseTracing", "Active", "PassThrough"]}] * len(functions)


def _x_ray(tracing: str) -> dict[str, list[dict[str, Any]]]:
    """What each role may do on X-Ray, by its own policies."""
    made = formation(REPOSITORY / "template.yaml", Tracing=tracing, AccessKeys="Enabled", BodyRetentionDays="30")
    return {
        name: [
            statement
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            if any(action.startswith("xray:") for action in statement["Action"])
        ]
        for name, role in made.of_type("AWS::IAM::Role").items()
    }


def test_every_function_gets_the_permission_in_its_role() -> None:
    """A function is updated after its role, but not after a policy that is attached to the role: its first traces got lost."""
    functions = formation(REPOSITORY / "template.yaml", AccessKeys="Enabled", BodyRetentionDays="30").of_type(
        "AWS::Lambda::Function"
    )
    allowed = _x_ray("Enabled")
    for function in functions.values():
        (statement,) = allowed[function["Role"].strip("<>").partition(".")[0]]
        assert sorted(statement["Action"]) == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]


def test_no_role_has_the_permission_while_tracing_is_off() -> None:
    """It is the only one that names no resource, because X-Ray has none."""
    assert set(map(tuple, _x_ray("Disabled").values())) == {()}
