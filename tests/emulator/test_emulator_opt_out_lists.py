"""Opt-out lists: what creating, describing and deleting them does, and what refuses it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

PERSON = "+14255550182"


def names(sms: Any) -> list[str]:
    return [one["OptOutListName"] for one in sms.describe_opt_out_lists()["OptOutLists"]]


def test_default_is_always_there(sms: Any) -> None:
    """Every account has the list `Default` without creating it."""
    assert "Default" in names(sms)


def test_a_created_list_is_described_by_name_arn_and_time(sms: Any, opt_out_list: str) -> None:
    """What CreateOptOutList made is what DescribeOptOutLists shows."""
    (found,) = sms.describe_opt_out_lists(OptOutListNames=[opt_out_list])["OptOutLists"]
    assert found["OptOutListArn"].endswith(f":opt-out-list/{opt_out_list}")
    assert found["CreatedTimestamp"].tzinfo is not None


def test_creating_answers_the_tags_given(sms: Any) -> None:
    """CreateOptOutList answers the tags it was given."""
    tags = [{"Key": "stage", "Value": "test"}]
    created = sms.create_opt_out_list(OptOutListName=(name := f"list-{uuid.uuid4().hex}"), Tags=tags)
    sms.delete_opt_out_list(OptOutListName=name)
    assert created["Tags"] == tags


@pytest.mark.parametrize("name", ["Default", None])
def test_an_existing_name_is_a_conflict(sms: Any, opt_out_list: str, refused: Any, name: str | None) -> None:
    """A second list of the same name is refused as RESOURCE_ALREADY_EXISTS."""
    error = refused(sms.create_opt_out_list, OptOutListName=name or opt_out_list)
    assert (error["Code"], error["Reason"]) == ("ConflictException", "RESOURCE_ALREADY_EXISTS")
    assert error["ResourceType"] == "opt-out-list"


def test_the_same_client_token_gives_the_same_list(sms: Any) -> None:
    """A create that is repeated with its ClientToken answers as the first did."""
    name, token = f"list-{uuid.uuid4().hex}", uuid.uuid4().hex
    first = sms.create_opt_out_list(OptOutListName=name, ClientToken=token)
    second = sms.create_opt_out_list(OptOutListName=name, ClientToken=token)
    sms.delete_opt_out_list(OptOutListName=name)
    assert first["CreatedTimestamp"] == second["CreatedTimestamp"]


def test_a_client_token_is_not_good_for_another_list(sms: Any, world: Any, refused: Any) -> None:
    """A ClientToken reused with other parameters is refused (the emulator's reading: AWS documents nothing)."""
    world.not_on_aws()
    sms.create_opt_out_list(OptOutListName="first", ClientToken="token")
    error = refused(sms.create_opt_out_list, OptOutListName="second", ClientToken="token")
    assert [one["Name"] for one in error["Fields"]] == ["ClientToken"]
    assert "second" not in names(sms)


def test_a_deleted_list_can_be_made_again_with_its_client_token(sms: Any, world: Any) -> None:
    """A token does not bring back a list that was deleted since: it makes a new one."""
    world.not_on_aws()
    for _ in range(2):
        sms.create_opt_out_list(OptOutListName="again", ClientToken="token")
        assert "again" in names(sms)
        sms.delete_opt_out_list(OptOutListName="again")
    assert "again" not in names(sms)


def test_an_account_creates_25_lists_and_no_more(sms: Any, world: Any, refused: Any) -> None:
    """The 26th list is over the quota OPT_OUT_LISTS_PER_ACCOUNT, and fits once another is deleted."""
    world.not_on_aws()
    for number in range(25):
        sms.create_opt_out_list(OptOutListName=f"list-{number}")
    error = refused(sms.create_opt_out_list, OptOutListName="one-more")
    assert (error["Code"], error["Reason"]) == ("ServiceQuotaExceededException", "OPT_OUT_LISTS_PER_ACCOUNT")
    sms.delete_opt_out_list(OptOutListName="list-0")
    sms.create_opt_out_list(OptOutListName="one-more")
    assert "one-more" in names(sms)


def test_deleting_a_list_deletes_its_numbers(sms: Any, world: Any) -> None:
    """A list of the same name made later is empty."""
    world.not_on_aws()
    sms.create_opt_out_list(OptOutListName="brand")
    sms.put_opted_out_number(OptOutListName="brand", OptedOutNumber=PERSON)
    sms.delete_opt_out_list(OptOutListName="brand")
    sms.create_opt_out_list(OptOutListName="brand")
    assert sms.describe_opted_out_numbers(OptOutListName="brand")["OptedOutNumbers"] == []


def test_default_cannot_be_deleted(sms: Any, refused: Any) -> None:
    """Deleting `Default` is refused."""
    assert refused(sms.delete_opt_out_list, OptOutListName="Default")["Code"] == "ConflictException"
    assert "Default" in names(sms)


def test_a_list_that_a_phone_number_uses_cannot_be_deleted(
    sms: Any, opt_out_list: str, originator: dict[str, str], refused: Any
) -> None:
    """The list goes only after the number has another."""
    error = refused(sms.delete_opt_out_list, OptOutListName=opt_out_list)
    assert (error["Code"], error["Reason"]) == ("ConflictException", "RESOURCE_DELETION_NOT_ALLOWED")
    sms.update_phone_number(PhoneNumberId=originator["phone_number_id"], OptOutListName="Default")
    sms.delete_opt_out_list(OptOutListName=opt_out_list)
    assert opt_out_list not in names(sms)


def test_a_list_that_a_pool_uses_cannot_be_deleted(
    sms: Any, opt_out_list: str, originator: dict[str, str], refused: Any
) -> None:
    """The list goes only after the pool, and with it its number, has another."""
    pool = sms.create_pool(OriginationIdentity=originator["phone_number_id"], MessageType="TRANSACTIONAL")
    assert refused(sms.delete_opt_out_list, OptOutListName=opt_out_list)["Code"] == "ConflictException"
    sms.update_pool(PoolId=pool["PoolId"], OptOutListName="Default")
    sms.delete_opt_out_list(OptOutListName=opt_out_list)
    assert opt_out_list not in names(sms)


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("put_opted_out_number", {"OptedOutNumber": PERSON}),
        ("delete_opted_out_number", {"OptedOutNumber": PERSON}),
        ("describe_opted_out_numbers", {}),
        ("describe_opted_out_numbers", {"OptedOutNumbers": [PERSON]}),
        ("delete_opt_out_list", {}),
    ],
)
class TestAReferenceToAList:
    """Where the model says OptOutListNameOrArn."""

    def test_may_be_the_lists_arn(self, sms: Any, opt_out_list: str, operation: str, more: dict[str, Any]) -> None:
        """An ARN does what the name does, and the answer has both."""
        sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
        (found,) = sms.describe_opt_out_lists(OptOutListNames=[opt_out_list])["OptOutLists"]
        answer = getattr(sms, operation)(OptOutListName=found["OptOutListArn"], **more)
        assert (answer["OptOutListName"], answer["OptOutListArn"]) == (opt_out_list, found["OptOutListArn"])

    def test_is_not_found_if_there_is_no_such_list(
        self, sms: Any, refused: Any, operation: str, more: dict[str, Any]
    ) -> None:
        """ResourceType distinguishes an unknown list from an unknown number."""
        error = refused(getattr(sms, operation), OptOutListName="no-such-list", **more)
        assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "opt-out-list")
        assert error["ResourceId"] == "no-such-list"

    def test_is_not_found_in_another_account(
        self, sms: Any, refused: Any, operation: str, more: dict[str, Any]
    ) -> None:
        """Another account's list that is not shared is not found, even if this account has a list with that name."""
        arn = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Default"
        error = refused(getattr(sms, operation), OptOutListName=arn, **more)
        assert error["Code"] == "ResourceNotFoundException"

    def test_must_not_be_the_arn_of_something_else(
        self, sms: Any, refused: Any, operation: str, more: dict[str, Any]
    ) -> None:
        """An ARN that is none of an opt-out list is INVALID_ARN."""
        for resource in ("pool/pool-1", "opt-out-list", "opt-out-list/", "opt-out-list/a/b"):
            arn = f"arn:aws:sms-voice:us-east-1:123456789012:{resource}"
            error = refused(getattr(sms, operation), OptOutListName=arn, **more)
            assert (error["Code"], error["Reason"]) == ("ValidationException", "INVALID_ARN")


def test_describing_a_list_that_is_not_there_is_an_error(sms: Any, opt_out_list: str, refused: Any) -> None:
    """One unknown name among known ones is enough."""
    error = refused(sms.describe_opt_out_lists, OptOutListNames=[opt_out_list, "no-such-list"])
    assert error["Code"] == "ResourceNotFoundException"


def test_no_list_is_shared_with_this_account(sms: Any, opt_out_list: str) -> None:
    """Owner SHARED lists what other accounts share, which is nothing."""
    assert sms.describe_opt_out_lists(Owner="SHARED")["OptOutLists"] == []
