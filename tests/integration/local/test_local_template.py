"""The checks and the transformation of a template before anything is created."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.local.served import REPOSITORY

from sms_consent_cli.local.errors import LocalError
from sms_consent_cli.local.stack_plan import StackPlan, plan_stack, resolved
from sms_consent_cli.local.template import DEMO_PARAMETERS, read_template

OURS = REPOSITORY / "template.yaml"
LISTS = ",".join(f"arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/{name}" for name in ("Club", "Alerts"))
MINIMAL: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Function": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"CodeUri": "code/", "Handler": "a.handler", "Runtime": "python3.13"},
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
    },
}


@pytest.fixture(autouse=True, scope="module")
def region() -> Iterator[None]:
    """The transform asks for one; the command sets its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield


@pytest.fixture(scope="module")
def ours() -> StackPlan:
    """The shipped template, taken apart."""
    return plan_stack(read_template(OURS, {}).document)


def written(folder: Path, content: object) -> Path:
    """A template file."""
    file = folder / "template.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def test_queues_topic_key_table_and_list_are_created_by_cloudformation(ours: StackPlan) -> None:
    """Under the logical ids that the contract promises."""
    assert {"Key", "InboundTopic", "InboundQueue", "InboundDeadLetterQueue", "LedgerTable", "OptOutList"} <= set(
        ours.created["Resources"]
    )


def test_functions_and_what_triggers_them_are_run_here(ours: StackPlan) -> None:
    """With the transform's own names for mapping and rule."""
    kinds = {name: resource["Type"] for name, resource in ours.run_here.items()}
    assert kinds["InboundFunction"] == kinds["SweepFunction"] == "AWS::Lambda::Function"
    assert kinds["InboundFunctionTexts"] == "AWS::Lambda::EventSourceMapping"
    assert kinds["SweepFunctionEveryMinute"] == "AWS::Events::Rule"


def test_nothing_is_left_out_without_a_reason(ours: StackPlan) -> None:
    """Every resource of the template is created, run or named with the reason why it is not."""
    left_out = {name for names in ours.left_out.values() for name in names}
    document = read_template(OURS, {}).document
    assert set(ours.created["Resources"]) | set(ours.run_here) | left_out == set(document["Resources"])
    assert {"InboundRole", "SweepRole", "InboundQueuePolicy", "DeadLetterAlarm"} <= left_out


def test_outputs_of_what_is_not_created_are_dropped_and_the_others_kept(ours: StackPlan) -> None:
    """A reference to a resource that is not there would fail the stack."""
    outputs = set(ours.created["Outputs"])
    assert {"TopicArn", "OptOutListName", "LedgerTableName", "QueueUrl", "DeadLetterQueueUrl"} <= outputs
    assert "ApiEndpoint" not in outputs
    assert resolved("InboundFunction") in outputs


def test_a_function_has_its_logical_id_for_a_name(ours: StackPlan) -> None:
    """By which the Lambda API knows it here."""
    assert ours.created["Outputs"]["InboundFunctionName"]["Value"] == "InboundFunction"


def test_a_schedule_with_a_condition_runs_where_that_holds(ours: StackPlan) -> None:
    """CloudFormation decides on it: the output that tells of the schedule has its condition."""
    (name,) = [each for each in ours.run_here if each.startswith("RetentionFunction") and each.endswith("EveryHour")]
    assert ours.created["Outputs"][resolved(name)]["Condition"] == "ForgetsBodies"


def test_the_demo_has_a_brand_and_a_contact() -> None:
    """Whatever else has no default must be given."""
    assert read_template(OURS, {"Brand": "Mine"}).parameters == DEMO_PARAMETERS | {"Brand": "Mine"}


def test_code_stays_in_its_folder() -> None:
    """The functions run from there, without a build."""
    assert set(read_template(OURS, {}).code.values()) == {REPOSITORY / "functions"}


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"Brands": "Mine"}, "no parameter Brands"),
        ({"DefaultLanguage": "english"}, "DefaultLanguage must be a two-letter language code"),
        ({"Architecture": "riscv"}, "Architecture must be one of arm64, x86_64"),
        ({"TierActions": "SENTENCE=MAYBE"}, "TierActions must be"),
        ({"AdditionalOptOutListArns": f"{LISTS},Club"}, "AdditionalOptOutListArns must be empty or ARNs"),
    ],
)
def test_a_parameter_that_a_deployment_would_refuse_is_refused(parameters: dict[str, str], complaint: str) -> None:
    """By the template's own rule, and without repeating the value."""
    with pytest.raises(LocalError, match=complaint):
        read_template(OURS, parameters)


def test_each_value_of_a_list_is_held_against_the_rule() -> None:
    """As CloudFormation does it."""
    assert read_template(OURS, {"AdditionalOptOutListArns": LISTS}).parameters["AdditionalOptOutListArns"] == LISTS


def test_a_parameter_without_default_must_be_given(tmp_path: Path) -> None:
    """The message is what to type."""
    template = MINIMAL | {"Parameters": {"Region": {"Type": "String"}}}
    with pytest.raises(LocalError, match="--parameter Region=VALUE"):
        read_template(written(tmp_path, template), {})


@pytest.mark.parametrize("content", ["text", [], {}, {"Resources": []}])
def test_a_file_that_is_no_template_is_refused(tmp_path: Path, content: object) -> None:
    """By its name."""
    with pytest.raises(LocalError, match="is not a SAM template"):
        read_template(written(tmp_path, content), {})


@pytest.mark.parametrize("content", ["a: [", "a: !Nope\n  - x: !!python/object:os.system {}", "\x00"])
def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path, content: str) -> None:
    """Nor is any of it executed."""
    file = tmp_path / "template.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(LocalError, match=re.escape(str(file))):
        read_template(file, {})


def test_a_template_that_the_transform_refuses_says_why(tmp_path: Path) -> None:
    """In the transform's words."""
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": dict(MINIMAL["Resources"]["Function"])}}
    template["Resources"]["F"]["Properties"] = {"CodeUri": "code/", "Handler": "a.b", "Events": {"X": {"Type": "Nope"}}}
    with pytest.raises(LocalError, match=r"\[F\]"):
        read_template(written(tmp_path, template), {})


def test_a_function_whose_code_is_elsewhere_is_refused(tmp_path: Path) -> None:
    """The local stack runs what lies here."""
    template = {"Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "s3://bucket/key"}}}}
    with pytest.raises(LocalError, match="F has no CodeUri that is a folder here"):
        read_template(written(tmp_path, template), {})


def test_a_resource_that_refers_to_one_that_is_not_created_is_named(tmp_path: Path) -> None:
    """Rather than failing inside moto."""
    resources = MINIMAL["Resources"] | {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Sub": "for ${Function.Arn}"}}}
    }
    template = read_template(written(tmp_path, MINIMAL | {"Resources": resources}), {})
    with pytest.raises(LocalError, match="Topic refers to Function, which the local stack does not create"):
        plan_stack(template.document)
