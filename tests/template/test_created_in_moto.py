"""moto's CloudFormation creates every resource of the template that it supports, including roles and functions."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cloudformation.parsing import get_model_map
from support.formation import Formation, formation
from support.template import REPOSITORY

import moto_sms_voice
from sms_consent_cli.local import moto_resources
from sms_consent_cli.local.api import secret as _secret  # noqa: F401  moto's CloudFormation learns a resource from it

UNKNOWN = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}
"""Types that moto cannot create; they, and what refers to them, are resolved by test_references.py alone."""
UNNAMED = {"AWS::CloudWatch::Dashboard"}
"""Types that moto creates, and cannot list among a stack's resources."""


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """And credentials that are none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def _known(made: Formation) -> dict[str, Any]:
    """The document without what moto cannot create and what refers to it."""
    parts: dict[str, Any] = {**made.document["Resources"]}
    gone = {name for name, each in parts.items() if each["Type"] not in set(get_model_map()) - UNNAMED}
    while more := {name for name, each in parts.items() if name not in gone and gone & made.named_in(each)}:
        gone |= more
    outputs: Mapping[str, Any] = made.document["Outputs"]
    return {
        **made.document,
        "Resources": {name: each for name, each in parts.items() if name not in gone},
        "Outputs": {name: each for name, each in outputs.items() if not gone & made.named_in(each)},
    }


@pytest.mark.parametrize(
    "chosen",
    [{}, {"Deployment": "Canary10Percent5Minutes", "AccessKeys": "Enabled", "BodyRetentionDays": "365"}],
    ids=str,
)
@pytest.mark.slow
def test_what_moto_has_is_created_whole(chosen: dict[str, str], region: None) -> None:
    """Every function has its role, and its settings name what exists."""
    made = formation(REPOSITORY / "template.yaml", **chosen)
    moto_sms_voice.install()
    with mock_aws(), warnings.catch_warnings():
        warnings.simplefilter("error")
        moto_resources.add()
        assert {each["Type"] for each in made.resources.values()} - set(get_model_map()) <= UNKNOWN
        _upload()
        document, formed = _known(made), boto3.client("cloudformation")
        formed.create_stack(
            StackName="whole",
            TemplateBody=json.dumps(document, default=str),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in made.parameters.items()],
        )
        (stack,) = formed.describe_stacks(StackName="whole")["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        there = {
            each["LogicalResourceId"]: each.get("PhysicalResourceId")  # moto knows some by no name
            for each in formed.list_stack_resources(StackName="whole")["StackResourceSummaries"]
        }
        assert set(there) - {""} == set(document["Resources"]) & set(made.resources)
        for name in made.of_type("AWS::Lambda::Function"):
            _fits(there[name], set(there.values()))


def _upload() -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")
    boto3.client("s3").create_bucket(Bucket="local")
    boto3.client("s3").put_object(Bucket="local", Key="code.zip", Body=code.getvalue())


def _fits(function: str, there: set[str]) -> None:
    about = boto3.client("lambda").get_function_configuration(FunctionName=function)
    assert about["Role"].rpartition("/")[2] in there
    settings = about["Environment"]["Variables"]
    named = {settings[name] for name in ("LEDGER_TABLE", "OPT_OUT_LIST", "DEAD_LETTER_QUEUE_URL") if name in settings}
    assert named <= there
