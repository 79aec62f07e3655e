"""X-Ray is off unless it is asked for, and then every function may write its traces."""

from __future__ import annotations

import pytest
from support.template import REPOSITORY, resources, template

from cli.local.template import read_template


def test_tracing_is_off_by_default() -> None:
    """It costs by the trace."""
    assert template()["Parameters"]["Tracing"]["Default"] == "Disabled"
    assert resources("AWS::IAM::Policy")["TracingPolicy"]["Condition"] == "UseTracing"


def test_every_function_is_traced_where_it_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As AWS's transform makes it of the template."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    document = read_template(REPOSITORY / "template.yaml", {}).document
    functions = [each for each in document["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]
    modes = [each["Properties"]["TracingConfig"]["Mode"] for each in functions]
    assert modes == [{"Fn::If": ["UseTracing", "Active", "PassThrough"]}] * len(functions)


def test_every_role_may_write_its_traces() -> None:
    """A function that is traced without it loses its traces without a word."""
    attached = [
        role["Fn::If"][1]["Ref"] if "Fn::If" in role else role["Ref"]
        for role in resources("AWS::IAM::Policy")["TracingPolicy"]["Properties"]["Roles"]
    ]
    functions = resources("AWS::Serverless::Function").values()
    assert sorted(attached) == sorted(each["Properties"]["Role"]["Fn::GetAtt"][0] for each in functions)


def test_the_permission_reaches_as_little_as_x_ray_lets_it() -> None:
    """Both actions know no resource; nothing else is in this policy."""
    (statement,) = resources("AWS::IAM::Policy")["TracingPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert sorted(statement["Action"]) == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
