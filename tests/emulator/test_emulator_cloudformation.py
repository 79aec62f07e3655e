"""The types AWS::SMSVOICE::… in templates."""

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


PHONE = {
    "Type": "AWS::SMSVOICE::PhoneNumber",
    "Properties": {
        "IsoCountryCode": "US",
        "NumberCapabilities": ["SMS"],
        "NumberType": "TEN_DLC",
        "OptOutListName": {"Ref": "List"},
        "MandatoryKeywords": {"HELP": {"Message": "Call us."}, "STOP": {"Message": "Bye."}},
        "OptionalKeywords": [{"Keyword": "JOIN", "Message": "Welcome.", "Action": "OPT_IN"}],
    },
}
POOL = {
    "Type": "AWS::SMSVOICE::Pool",
    "Properties": {
        "OriginationIdentities": [{"Fn::GetAtt": ["Phone", "Arn"]}],
        "MandatoryKeywords": {"HELP": {"Message": "Write to us."}, "STOP": {"Message": "Bye."}},
        "SharedRoutesEnabled": True,
    },
}
EVENTS = [
    {
        "EventDestinationName": "topic",
        "Enabled": True,
        "MatchingEventTypes": ["ALL"],
        "SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:events"},
    }
]
WHOLE: dict[str, Any] = {
    "List": {"Type": "AWS::SMSVOICE::OptOutList", "Properties": {"OptOutListName": "brand"}},
    "Phone": PHONE,
    "Pool": POOL,
    "Sender": {"Type": "AWS::SMSVOICE::SenderId", "Properties": {"SenderId": "BRAND", "IsoCountryCode": "GB"}},
    "Set": {
        "Type": "AWS::SMSVOICE::ConfigurationSet",
        "Properties": {"ConfigurationSetName": "receipts", "DefaultSenderId": "BRAND", "EventDestinations": EVENTS},
    },
    "Policy": {
        "Type": "AWS::SMSVOICE::ResourcePolicy",
        "Properties": {
            "ResourceArn": {"Fn::GetAtt": ["List", "Arn"]},
            "PolicyDocument": {
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "sms-voice:*"}]
            },
        },
    },
}


class TestEveryType:
    """A stack with one resource of each type that is implemented."""

    @pytest.fixture
    def deploy(self, world: Any) -> Any:
        """Create or update the stack; the answer is the value of Ref for each resource."""
        cloudformation = world.client("cloudformation")

        def deployed(update: bool = False, **changed: Any) -> dict[str, str]:
            resources = {**WHOLE, **changed}
            template = {"Resources": resources, "Outputs": {name: {"Value": {"Ref": name}} for name in resources}}
            call = cloudformation.update_stack if update else cloudformation.create_stack
            call(StackName="consent", TemplateBody=json.dumps(template))
            (described,) = cloudformation.describe_stacks(StackName="consent")["Stacks"]
            return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

        return deployed

    def test_has_ids(self, sms: Any, deploy: Any) -> None:
        """Ref is the id or name by which the API finds the resource."""
        ids = deploy()
        (phone,) = sms.describe_phone_numbers(PhoneNumberIds=[ids["Phone"]])["PhoneNumbers"]
        (pool,) = sms.describe_pools(PoolIds=[ids["Pool"]])["Pools"]
        (configured,) = sms.describe_configuration_sets(ConfigurationSetNames=[ids["Set"]])["ConfigurationSets"]
        assert (phone["OptOutListName"], phone["PoolId"]) == ("brand", ids["Pool"])
        assert (pool["OptOutListName"], pool["SharedRoutesEnabled"]) == ("brand", True)
        assert (configured["DefaultSenderId"], configured["EventDestinations"]) == ("BRAND", EVENTS)
        assert ids["Sender"] == "GB|BRAND"
        assert "210987654321" in sms.get_resource_policy(ResourceArn=ids["Policy"])["Policy"]

    def test_has_the_keywords_of_the_template(self, sms: Any, deploy: Any) -> None:
        """Mandatory and optional keywords; a pool has the keywords of its template."""
        ids = deploy()
        for identity, wanted in ((ids["Phone"], {"HELP", "JOIN", "STOP"}), (ids["Pool"], {"HELP", "STOP"})):
            found = sms.describe_keywords(OriginationIdentity=identity)["Keywords"]
            assert {each["Keyword"] for each in found} == wanted
        assert found[0]["KeywordMessage"] == "Write to us."

    def test_is_changed_in_place(self, sms: Any, deploy: Any) -> None:
        """What is not create-only keeps its id."""
        before = deploy()
        pool = {**POOL, "Properties": {**POOL["Properties"], "SharedRoutesEnabled": False}}  # type: ignore[dict-item]
        events = {**WHOLE["Set"], "Properties": {"ConfigurationSetName": "receipts"}}
        assert deploy(update=True, Pool=pool, Set=events) == before
        (found,) = sms.describe_pools()["Pools"]
        (configured,) = sms.describe_configuration_sets()["ConfigurationSets"]
        assert (found["SharedRoutesEnabled"], configured["EventDestinations"]) == (False, [])

    def test_is_deleted_with_the_stack(self, world: Any, sms: Any, deploy: Any) -> None:
        """Nothing is left but the default list."""
        deploy()
        world.client("cloudformation").delete_stack(StackName="consent")
        assert names(sms) == ["Default"]
        assert sms.describe_phone_numbers()["PhoneNumbers"] == sms.describe_pools()["Pools"] == []
        assert sms.describe_sender_ids()["SenderIds"] == sms.describe_configuration_sets()["ConfigurationSets"] == []
