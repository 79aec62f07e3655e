"""Lists that one account shares with another by a resource policy."""

from __future__ import annotations

import json
from typing import Any

import pytest

PERSON = "+14255550182"
OTHER = "210987654321"


@pytest.fixture(autouse=True)
def _not_on_aws(world: Any) -> None:
    world.not_on_aws()


@pytest.fixture
def guest(world: Any) -> Any:
    """A client of the other account."""
    role = world.client("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/other", RoleSessionName="other")
    return world.client(
        aws_access_key_id=role["Credentials"]["AccessKeyId"],
        aws_secret_access_key=role["Credentials"]["SecretAccessKey"],
        aws_session_token=role["Credentials"]["SessionToken"],
    )


@pytest.fixture
def arn(sms: Any, opt_out_list: str) -> str:
    """The ARN of a list of this account."""
    (found,) = sms.describe_opt_out_lists(OptOutListNames=[opt_out_list])["OptOutLists"]
    return str(found["OptOutListArn"])


def policy(*statements: dict[str, Any]) -> str:
    whole = [{"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sms-voice:*", **each} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def test_a_shared_list_is_used_by_its_arn(sms: Any, guest: Any, arn: str, opt_out_list: str) -> None:
    """ "You must use the full Amazon Resource Name": put, described and deleted by the other account."""
    sms.put_resource_policy(ResourceArn=arn, Policy=policy({}))
    assert guest.put_opted_out_number(OptOutListName=arn, OptedOutNumber=PERSON)["OptOutListArn"] == arn
    assert len(sms.describe_opted_out_numbers(OptOutListName=opt_out_list)["OptedOutNumbers"]) == 1
    assert len(guest.describe_opted_out_numbers(OptOutListName=arn)["OptedOutNumbers"]) == 1
    guest.delete_opted_out_number(OptOutListName=arn, OptedOutNumber=PERSON)
    assert sms.describe_opted_out_numbers(OptOutListName=opt_out_list)["OptedOutNumbers"] == []


def test_a_shared_list_is_not_found_by_its_name(
    sms: Any, guest: Any, arn: str, opt_out_list: str, refused: Any
) -> None:
    """A name is one of the caller's own account."""
    sms.put_resource_policy(ResourceArn=arn, Policy=policy({}))
    error = refused(guest.put_opted_out_number, OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert error["Code"] == "ResourceNotFoundException"


def test_a_list_that_is_not_shared_is_not_found(guest: Any, arn: str, refused: Any) -> None:
    """Which error the service raises is not documented."""
    error = refused(guest.put_opted_out_number, OptOutListName=arn, OptedOutNumber=PERSON)
    assert error["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "statements",
    [
        [{"Action": ["sms-voice:DescribeOptedOutNumbers"]}],
        [{}, {"Effect": "Deny", "Action": "sms-voice:Put*"}],
        [{"Resource": "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/another"}],
    ],
)
def test_what_the_policy_does_not_allow_is_denied(
    sms: Any, guest: Any, arn: str, refused: Any, statements: list[dict[str, Any]]
) -> None:
    """AccessDeniedException has status 400."""
    sms.put_resource_policy(ResourceArn=arn, Policy=policy(*statements))
    error = refused(guest.put_opted_out_number, OptOutListName=arn, OptedOutNumber=PERSON)
    assert (error["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDeniedException", 400)


def test_shared_lists_are_described_with_owner_shared(sms: Any, guest: Any, arn: str) -> None:
    """And only with it."""
    sms.put_resource_policy(ResourceArn=arn, Policy=policy({"Principal": {"AWS": [f"arn:aws:iam::{OTHER}:root"]}}))
    shared = guest.describe_opt_out_lists(Owner="SHARED")["OptOutLists"]
    assert [each["OptOutListArn"] for each in shared] == [arn]
    assert arn not in {each["OptOutListArn"] for each in guest.describe_opt_out_lists()["OptOutLists"]}
    assert sms.describe_opt_out_lists(Owner="SHARED")["OptOutLists"] == []


def test_a_policy_is_returned_until_it_is_deleted(sms: Any, guest: Any, arn: str, refused: Any) -> None:
    """Afterwards the list is not shared."""
    text = policy({})
    put = sms.put_resource_policy(ResourceArn=arn, Policy=text)
    for operation in (sms.get_resource_policy, sms.delete_resource_policy):
        found = operation(ResourceArn=arn)
        assert (found["ResourceArn"], found["Policy"], found["CreatedTimestamp"]) == (
            arn,
            text,
            put["CreatedTimestamp"],
        )
    error = refused(sms.get_resource_policy, ResourceArn=arn)
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "policy")
    assert guest.describe_opt_out_lists(Owner="SHARED")["OptOutLists"] == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"Statement": ["x"]}'])
def test_a_text_that_is_no_policy_is_refused(sms: Any, arn: str, refused: Any, text: str) -> None:
    """CANNOT_PARSE; the service's reason is not documented."""
    error = refused(sms.put_resource_policy, ResourceArn=arn, Policy=text)
    assert (error["Code"], error["Reason"]) == ("ValidationException", "CANNOT_PARSE")


def test_a_deleted_list_takes_its_policy_along(sms: Any, guest: Any, arn: str, opt_out_list: str) -> None:
    """A new list of the same name is not shared."""
    sms.put_resource_policy(ResourceArn=arn, Policy=policy({}))
    sms.delete_opt_out_list(OptOutListName=opt_out_list)
    sms.create_opt_out_list(OptOutListName=opt_out_list)
    assert guest.describe_opt_out_lists(Owner="SHARED")["OptOutLists"] == []
