"""AssociateOriginationIdentity, DisassociateOriginationIdentity and ListPoolOriginationIdentities."""

from __future__ import annotations

from typing import Any

import pytest

PERSON = "+14255550182"
FIRST, SECOND = "+12125550101", "+12125550102"


@pytest.fixture
def numbers(world: Any) -> list[str]:
    """The ids of two numbers with the same settings."""
    world.not_on_aws()
    return [
        str(world.control("POST", "phone-numbers", phone_number=number)["phone_number_id"])
        for number in (FIRST, SECOND)
    ]


@pytest.fixture
def pool(sms: Any, numbers: list[str]) -> str:
    """A pool with the first number."""
    return str(sms.create_pool(OriginationIdentity=numbers[0], MessageType="TRANSACTIONAL")["PoolId"])


def members(sms: Any, pool: str, **query: Any) -> list[str]:
    found = sms.list_pool_origination_identities(PoolId=pool, **query)["OriginationIdentities"]
    return [each["OriginationIdentity"] for each in found]


def test_a_number_joins_and_leaves(sms: Any, pool: str, numbers: list[str], refused: Any) -> None:
    """In the pool it is changed with the pool only; once out of it, by itself."""
    joined = sms.associate_origination_identity(PoolId=pool, OriginationIdentity=numbers[1])
    assert (joined["PoolId"], joined["OriginationIdentity"]) == (pool, numbers[1])
    assert sorted(members(sms, pool)) == sorted(numbers)
    again = refused(sms.associate_origination_identity, PoolId=pool, OriginationIdentity=numbers[1])
    assert again["Reason"] == "RESOURCE_ALREADY_ASSOCIATED"
    sms.disassociate_origination_identity(PoolId=pool, OriginationIdentity=numbers[1])
    assert members(sms, pool) == numbers[:1]
    gone = refused(sms.disassociate_origination_identity, PoolId=pool, OriginationIdentity=numbers[1])
    assert gone["Reason"] == "PHONE_NUMBER_NOT_ASSOCIATED_TO_POOL"
    sms.update_phone_number(PhoneNumberId=numbers[1], DeletionProtectionEnabled=True)


def test_the_last_member_stays(sms: Any, pool: str, numbers: list[str], refused: Any) -> None:
    """LAST_PHONE_NUMBER."""
    error = refused(sms.disassociate_origination_identity, PoolId=pool, OriginationIdentity=numbers[0])
    assert error["Reason"] == "LAST_PHONE_NUMBER"


def test_a_member_of_another_pool_is_refused(sms: Any, pool: str, numbers: list[str], refused: Any) -> None:
    """ "If the origination identity is already associated with a different pool, an error is returned"."""
    other = sms.create_pool(OriginationIdentity=numbers[1], MessageType="TRANSACTIONAL")["PoolId"]
    error = refused(sms.associate_origination_identity, PoolId=other, OriginationIdentity=numbers[0])
    assert error["Reason"] == "PHONE_NUMBER_ASSOCIATED_TO_POOL"


def test_settings_must_be_the_pools(sms: Any, pool: str, numbers: list[str], refused: Any) -> None:
    """ "If the origination identity configuration doesn't match the pool's configuration, an error is returned"."""
    sms.create_opt_out_list(OptOutListName="brand")
    sms.update_phone_number(PhoneNumberId=numbers[1], OptOutListName="brand")
    error = refused(sms.associate_origination_identity, PoolId=pool, OriginationIdentity=numbers[1])
    assert error["Reason"] == "OPT_OUT_LIST_MISMATCH"
    sms.update_phone_number(PhoneNumberId=numbers[1], OptOutListName="Default")
    sms.put_keyword(OriginationIdentity=numbers[1], Keyword="JOIN", KeywordMessage="Welcome.")
    error = refused(sms.associate_origination_identity, PoolId=pool, OriginationIdentity=numbers[1])
    assert error["Reason"] == "KEYWORD_MISMATCH"


def test_a_sender_id_can_be_in_several_pools(sms: Any, pool: str, numbers: list[str], refused: Any) -> None:
    """ "A sender ID can be associated with multiple pools"; it is not released while it is in one."""
    brand = {"SenderId": "BRAND", "IsoCountryCode": "GB"}
    sms.request_sender_id(**brand)
    other = sms.create_pool(OriginationIdentity=numbers[1], MessageType="TRANSACTIONAL")["PoolId"]
    for each in (pool, other):
        sms.associate_origination_identity(PoolId=each, OriginationIdentity="BRAND", IsoCountryCode="GB")
        assert members(sms, each, Filters=[{"Name": "iso-country-code", "Values": ["GB"]}]) == ["BRAND"]
    assert refused(sms.release_sender_id, **brand)["Reason"] == "SENDER_ID_ASSOCIATED_TO_POOL"
    for each in (pool, other):
        sms.disassociate_origination_identity(PoolId=each, OriginationIdentity="BRAND", IsoCountryCode="GB")
    sms.release_sender_id(**brand)


def test_members_are_listed_page_by_page(sms: Any, pool: str, numbers: list[str]) -> None:
    """Through boto3's paginator, with what they are capable of."""
    sms.associate_origination_identity(PoolId=pool, OriginationIdentity=numbers[1])
    pages = sms.get_paginator("list_pool_origination_identities").paginate(
        PoolId=pool, PaginationConfig={"PageSize": 1}
    )
    found = [each for page in pages for each in page["OriginationIdentities"]]
    assert {(each["PhoneNumber"], *each["NumberCapabilities"]) for each in found} == {(FIRST, "SMS"), (SECOND, "SMS")}
