"""TagResource, UntagResource and ListTagsForResource, for everything that has an ARN."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(params=["opt-out-list", "phone-number", "pool"])
def arn(request: pytest.FixtureRequest, sms: Any, opt_out_list: str, originator: dict[str, str]) -> str:
    """The ARN of one of each."""
    if request.param == "opt-out-list":
        (found,) = sms.describe_opt_out_lists(OptOutListNames=[opt_out_list])["OptOutLists"]
        return str(found["OptOutListArn"])
    if request.param == "phone-number":
        return originator["phone_number_arn"]
    pool = sms.create_pool(OriginationIdentity=originator["phone_number_id"], MessageType="TRANSACTIONAL")
    return str(pool["PoolArn"])


def tags(sms: Any, arn: str) -> dict[str, str]:
    found = sms.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {one["Key"]: one["Value"] for one in found}


def test_tags_are_added_changed_and_removed(sms: Any, arn: str) -> None:
    """A key has one value; removing what is not there is no error."""
    sms.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    sms.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    assert tags(sms, arn) == {"a": "2", "b": ""}
    sms.untag_resource(ResourceArn=arn, TagKeys=["b", "c"])
    assert tags(sms, arn) == {"a": "2"}


def test_a_resource_has_200_tags_and_no_more(sms: Any, arn: str, refused: Any) -> None:
    """TAGS_PER_RESOURCE; nothing is added by a refused call."""
    sms.tag_resource(ResourceArn=arn, Tags=[{"Key": f"key{number}", "Value": "x"} for number in range(200)])
    error = refused(sms.tag_resource, ResourceArn=arn, Tags=[{"Key": "one-more", "Value": "x"}])
    assert (error["Code"], error["Reason"]) == ("ServiceQuotaExceededException", "TAGS_PER_RESOURCE")
    assert len(tags(sms, arn)) == 200


@pytest.mark.parametrize("resource", ["opt-out-list/none", "phone-number/none", "pool/none"])
def test_a_resource_that_is_not_there_has_no_tags(sms: Any, refused: Any, resource: str) -> None:
    """ResourceNotFoundException, by each of the three operations."""
    arn = f"arn:aws:sms-voice:us-east-1:123456789012:{resource}"
    for operation, more in (
        (sms.list_tags_for_resource, {}),
        (sms.tag_resource, {"Tags": [{"Key": "a", "Value": "1"}]}),
        (sms.untag_resource, {"TagKeys": ["a"]}),
    ):
        error = refused(operation, ResourceArn=arn, **more)
        assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", resource.partition("/")[0])


@pytest.mark.parametrize("arn", ["arn:aws:sns:us-east-1:123456789012:topic", "arn:aws:sms-voice:us-east-1:1:other/x"])
def test_an_arn_of_something_else_is_invalid(sms: Any, refused: Any, arn: str) -> None:
    """INVALID_ARN."""
    error = refused(sms.list_tags_for_resource, ResourceArn=arn)
    assert (error["Code"], error["Reason"]) == ("ValidationException", "INVALID_ARN")


def test_tags_go_with_their_resource(world: Any, sms: Any) -> None:
    """A list made anew has none of the old one's tags."""
    world.not_on_aws()
    sms.create_opt_out_list(OptOutListName="brand", Tags=[{"Key": "a", "Value": "1"}])
    sms.delete_opt_out_list(OptOutListName="brand")
    made = sms.create_opt_out_list(OptOutListName="brand")
    assert tags(sms, made["OptOutListArn"]) == {}


@pytest.mark.parametrize("keys", [["a", "b", "a"], ["aws:owner"], ["AWS:owner"]])
def test_keys_occur_once_and_are_not_reserved(world: Any, sms: Any, arn: str, refused: Any, keys: list[str]) -> None:
    """Whether the resource is there or is created with them; nothing is changed."""
    world.not_on_aws("a reserved tag could not be taken away again")
    chosen = [{"Key": key, "Value": "1"} for key in keys]
    for operation, more in (
        (sms.tag_resource, {"ResourceArn": arn}),
        (sms.create_opt_out_list, {"OptOutListName": "tagged"}),
    ):
        error = refused(operation, Tags=chosen, **more)
        assert (error["Code"], error["Reason"]) == ("ValidationException", "FIELD_VALIDATION_FAILED")
    assert tags(sms, arn) == {}
