"""AWS::SMSVOICE::OptOutList in a template."""

from __future__ import annotations

import json
from typing import Any

import pytest

PERSON = "+14255550182"


@pytest.fixture(autouse=True)
def _not_on_aws(world: Any) -> None:
    world.not_on_aws()


@pytest.fixture
def stack(world: Any) -> Any:
    """Create or update the stack with a list of these properties; the answer is its outputs."""
    cloudformation = world.client("cloudformation")

    def deploy(update: bool = False, **properties: Any) -> dict[str, str]:
        template = {
            "Resources": {"List": {"Type": "AWS::SMSVOICE::OptOutList", "Properties": properties}},
            "Outputs": {
                "Name": {"Value": {"Ref": "List"}},
                "Arn": {"Value": {"Fn::GetAtt": ["List", "Arn"]}},
            },
        }
        call = cloudformation.update_stack if update else cloudformation.create_stack
        call(StackName="consent", TemplateBody=json.dumps(template))
        (described,) = cloudformation.describe_stacks(StackName="consent")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    return deploy


def names(sms: Any) -> list[str]:
    return [one["OptOutListName"] for one in sms.describe_opt_out_lists()["OptOutLists"]]


def test_a_stack_creates_its_list(sms: Any, stack: Any) -> None:
    """With the name and tags of the template; Ref gives the name and GetAtt the ARN."""
    outputs = stack(OptOutListName="brand", Tags=[{"Key": "stage", "Value": "test"}])
    (found,) = sms.describe_opt_out_lists(OptOutListNames=["brand"])["OptOutLists"]
    assert outputs == {"Name": "brand", "Arn": found["OptOutListArn"]}
    tags = sms.list_tags_for_resource(ResourceArn=found["OptOutListArn"])["Tags"]
    assert tags == [{"Key": "stage", "Value": "test"}]


def test_a_list_without_a_name_gets_one(sms: Any, stack: Any) -> None:
    """Made of stack and logical id."""
    outputs = stack()
    assert outputs["Name"].startswith("consent-List-")
    assert outputs["Name"] in names(sms)


def test_a_generated_name_is_never_too_long(world: Any, sms: Any) -> None:
    """A stack's name can be longer than a list's may be."""
    template = {"Resources": {"List": {"Type": "AWS::SMSVOICE::OptOutList"}}}
    world.client("cloudformation").create_stack(StackName="s" * 120, TemplateBody=json.dumps(template))
    assert sorted(len(name) for name in names(sms)) == [len("Default"), 64]


def test_a_deleted_stack_deletes_its_list(world: Any, sms: Any, stack: Any) -> None:
    """With the numbers on it."""
    stack(OptOutListName="brand")
    sms.put_opted_out_number(OptOutListName="brand", OptedOutNumber=PERSON)
    world.client("cloudformation").delete_stack(StackName="consent")
    assert names(sms) == ["Default"]


def test_an_update_of_tags_keeps_the_list(sms: Any, stack: Any) -> None:
    """Tags change in place: an update opts nobody in."""
    stack(OptOutListName="brand", Tags=[{"Key": "stage", "Value": "test"}])
    sms.put_opted_out_number(OptOutListName="brand", OptedOutNumber=PERSON)
    outputs = stack(update=True, OptOutListName="brand", Tags=[{"Key": "owner", "Value": "us"}])
    assert len(sms.describe_opted_out_numbers(OptOutListName="brand")["OptedOutNumbers"]) == 1
    tags = sms.list_tags_for_resource(ResourceArn=outputs["Arn"])["Tags"]
    assert tags == [{"Key": "owner", "Value": "us"}]


def test_an_update_keeps_a_list_with_a_generated_name(sms: Any, stack: Any) -> None:
    """No name in the template is no new name."""
    before = stack()
    after = stack(update=True, Tags=[{"Key": "owner", "Value": "us"}])
    assert before["Name"] == after["Name"]


def test_another_name_is_another_list(sms: Any, stack: Any) -> None:
    """A name is immutable, so the list is replaced."""
    stack(OptOutListName="brand")
    assert stack(update=True, OptOutListName="other")["Name"] == "other"
    assert names(sms) == ["Default", "other"]


def test_a_name_that_the_api_refuses_is_refused_here(world: Any, sms: Any, stack: Any) -> None:
    """Templates are held to the service model too."""
    with pytest.raises(world.client("cloudformation").exceptions.ClientError):
        stack(OptOutListName="no spaces")
    assert names(sms) == ["Default"]
