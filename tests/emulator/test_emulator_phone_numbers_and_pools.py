"""Origination identities: what phone numbers and pools are set to, and which settings go together."""

from __future__ import annotations

import re
from typing import Any

import pytest

TOPIC = "arn:aws:sns:us-east-1:123456789012:inbound"
REQUEST = {
    "IsoCountryCode": "US",
    "MessageType": "TRANSACTIONAL",
    "NumberCapabilities": ["SMS"],
    "NumberType": "TEN_DLC",
}
TWO_WAY = {"TwoWayEnabled": True, "TwoWayChannelArn": TOPIC}


@pytest.fixture(autouse=True)
def _not_on_aws(world: Any) -> None:
    """Phone numbers on AWS cost money."""
    world.not_on_aws()


@pytest.fixture
def phone_id(sms: Any) -> str:
    """A requested phone number, as it comes."""
    requested: str = sms.request_phone_number(**REQUEST)["PhoneNumberId"]
    return requested


@pytest.fixture
def pool_id(sms: Any, phone_id: str) -> str:
    """A pool of that one number."""
    made: str = sms.create_pool(OriginationIdentity=phone_id, MessageType="TRANSACTIONAL")["PoolId"]
    return made


def described(sms: Any, phone_id: str) -> dict[str, Any]:
    (found,) = sms.describe_phone_numbers(PhoneNumberIds=[phone_id])["PhoneNumbers"]
    return dict(found)


def described_pool(sms: Any, pool_id: str) -> dict[str, Any]:
    (found,) = sms.describe_pools(PoolIds=[pool_id])["Pools"]
    return dict(found)


class TestAPhoneNumber:
    """RequestPhoneNumber, UpdatePhoneNumber, DescribePhoneNumbers, ReleasePhoneNumber."""

    @pytest.mark.parametrize(
        ("country", "kind", "reserved"),
        [
            ("US", "LONG_CODE", r"\+1[2-9]\d\d55501\d\d"),
            ("US", "TOLL_FREE", r"\+18(00|33|44|55|66|77|88)55501\d\d"),
            ("CA", "LONG_CODE", r"\+1[2-9]\d\d55501\d\d"),
            ("GB", "LONG_CODE", r"\+447700900\d{3}"),
        ],
    )
    def test_is_one_reserved_for_fiction(self, sms: Any, country: str, kind: str, reserved: str) -> None:
        """No number that is handed out can be anybody's."""
        wanted = {**REQUEST, "IsoCountryCode": country, "NumberType": kind}
        assert re.fullmatch(reserved, sms.request_phone_number(**wanted)["PhoneNumber"])

    def test_is_not_to_be_had_where_no_fiction_range_is_known(self, sms: Any, refused: Any) -> None:
        """No number is better than one in use."""
        error = refused(sms.request_phone_number, **{**REQUEST, "IsoCountryCode": "ZZ"})
        assert (error["Code"], error["Reason"]) == ("ValidationException", "COUNTRY_NOT_ENABLED")

    def test_is_given_to_one_request_only(self, sms: Any) -> None:
        """Each request gets another number."""
        assert len({sms.request_phone_number(**REQUEST)["PhoneNumber"] for _ in range(25)}) == 25

    def test_can_be_preferred(self, sms: Any) -> None:
        """NumberPreference chooses among the numbers for fiction."""
        preference = [{"PreferenceType": ["EndsWith"], "Filter": ["77"]}]
        assert sms.request_phone_number(**REQUEST, NumberPreference=preference)["PhoneNumber"].endswith("77")

    def test_starts_on_the_default_list_without_two_way(self, sms: Any, phone_id: str) -> None:
        """AWS's defaults."""
        found = described(sms, phone_id)
        assert (found["OptOutListName"], found["Status"]) == ("Default", "ACTIVE")
        assert found["TwoWayEnabled"] is found["SelfManagedOptOutsEnabled"] is False

    def test_of_the_same_client_token_is_the_same(self, sms: Any) -> None:
        """A repeated request answers as the first did."""
        first, second = (sms.request_phone_number(**REQUEST, ClientToken="token") for _ in range(2))
        assert first["PhoneNumberId"] == second["PhoneNumberId"]

    def test_is_updated_as_asked_and_keeps_the_rest(self, sms: Any, phone_id: str, opt_out_list: str) -> None:
        """Each update changes what it names."""
        sms.update_phone_number(PhoneNumberId=phone_id, **TWO_WAY)
        sms.update_phone_number(PhoneNumberId=phone_id, OptOutListName=opt_out_list)
        answer = sms.update_phone_number(PhoneNumberId=phone_id, SelfManagedOptOutsEnabled=True)
        found = described(sms, phone_id)
        for one in (answer, found):
            assert (one["TwoWayChannelArn"], one["OptOutListName"]) == (TOPIC, opt_out_list)
            assert one["TwoWayEnabled"] is one["SelfManagedOptOutsEnabled"] is True

    def test_manages_opt_outs_itself_only_with_two_way_messaging(self, sms: Any, phone_id: str, refused: Any) -> None:
        """Two-way has to be on first; a refused update changes nothing."""
        error = refused(sms.update_phone_number, PhoneNumberId=phone_id, SelfManagedOptOutsEnabled=True)
        assert (error["Code"], error["Reason"]) == ("ValidationException", "TWO_WAY_NOT_ENABLED")
        assert described(sms, phone_id)["SelfManagedOptOutsEnabled"] is False

    def test_is_two_way_only_with_a_channel(self, sms: Any, phone_id: str, refused: Any) -> None:
        """Where should the texts go?"""
        error = refused(sms.update_phone_number, PhoneNumberId=phone_id, TwoWayEnabled=True)
        assert (error["Code"], error["Reason"]) == ("ValidationException", "TWO_WAY_CHANNEL_NOT_PRESENT")

    def test_cannot_get_a_list_that_is_not_there(self, sms: Any, phone_id: str, refused: Any) -> None:
        """Neither when updated nor when requested."""
        for operation, given in (
            (sms.update_phone_number, {"PhoneNumberId": phone_id}),
            (sms.request_phone_number, REQUEST),
        ):
            error = refused(operation, OptOutListName="no-such-list", **given)
            assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "opt-out-list")

    def test_is_meant_by_its_arn_too(self, sms: Any, phone_id: str) -> None:
        """PhoneNumberIdOrArn."""
        arn = described(sms, phone_id)["PhoneNumberArn"]
        assert sms.update_phone_number(PhoneNumberId=arn, **TWO_WAY)["PhoneNumberId"] == phone_id

    @pytest.mark.parametrize(
        ("name", "value", "other"),
        [
            ("status", "ACTIVE", "PENDING"),
            ("iso-country-code", "US", "CA"),
            ("message-type", "TRANSACTIONAL", "PROMOTIONAL"),
            ("number-capability", "SMS", "VOICE"),
            ("number-type", "TEN_DLC", "SHORT_CODE"),
            ("two-way-enabled", "true", "false"),
            ("self-managed-opt-outs-enabled", "false", "true"),
            ("opt-out-list-name", "Default", "other"),
            ("deletion-protection-enabled", "false", "true"),
            ("two-way-channel-arn", TOPIC, "arn:aws:sns:us-east-1:123456789012:other"),
        ],
    )
    def test_is_found_by_every_filter_of_the_model(
        self, sms: Any, phone_id: str, name: str, value: str, other: str
    ) -> None:
        """Left in by its own value, left out by another."""
        sms.update_phone_number(PhoneNumberId=phone_id, **TWO_WAY)
        for asked, expected in (
            (value, [phone_id]),
            (other, []),
        ):
            found = sms.describe_phone_numbers(Filters=[{"Name": name, "Values": [asked]}])["PhoneNumbers"]
            assert [one["PhoneNumberId"] for one in found] == expected

    def test_is_gone_when_released(self, sms: Any, phone_id: str, refused: Any) -> None:
        """And can be requested again."""
        assert sms.release_phone_number(PhoneNumberId=phone_id)["Status"] == "DELETED"
        assert refused(sms.describe_phone_numbers, PhoneNumberIds=[phone_id])["Code"] == "ResourceNotFoundException"

    def test_is_not_released_while_protected(self, sms: Any, phone_id: str, refused: Any) -> None:
        """DELETION_PROTECTION_ENABLED."""
        sms.update_phone_number(PhoneNumberId=phone_id, DeletionProtectionEnabled=True)
        error = refused(sms.release_phone_number, PhoneNumberId=phone_id)
        assert (error["Code"], error["Reason"]) == ("ConflictException", "DELETION_PROTECTION_ENABLED")

    def test_of_a_tests_choice_is_added_beside_the_api(self, world: Any, sms: Any) -> None:
        """With a channel it is two-way."""
        added = world.control(
            "POST",
            "phone-numbers",
            phone_number="+12125550101",
            two_way_channel_arn=TOPIC,
            self_managed_opt_outs=True,
        )
        found = described(sms, added["phone_number_id"])
        assert (found["PhoneNumber"], found["TwoWayChannelArn"]) == ("+12125550101", TOPIC)
        assert found["TwoWayEnabled"] is found["SelfManagedOptOutsEnabled"] is True

    @pytest.mark.parametrize("wrong", ["+12125550101", "no number"])
    def test_of_a_tests_choice_must_be_a_new_number(self, world: Any, wrong: str) -> None:
        """Two of the same, or what is no number, would only make a test wrong."""
        world.control("POST", "phone-numbers", phone_number="+12125550101")
        assert world.control_answer("POST", "phone-numbers", phone_number=wrong).status_code in (400, 409)


class TestAPool:
    """CreatePool, UpdatePool, DescribePools, DeletePool."""

    def test_inherits_from_its_first_number(self, sms: Any, phone_id: str, opt_out_list: str) -> None:
        """List, two-way and self-managed opt-outs, but not deletion protection."""
        sms.update_phone_number(
            PhoneNumberId=phone_id,
            OptOutListName=opt_out_list,
            SelfManagedOptOutsEnabled=True,
            DeletionProtectionEnabled=True,
            **TWO_WAY,
        )
        made = sms.create_pool(OriginationIdentity=phone_id, MessageType="TRANSACTIONAL")
        found = described_pool(sms, made["PoolId"])
        assert (found["OptOutListName"], found["TwoWayChannelArn"]) == (opt_out_list, TOPIC)
        assert found["TwoWayEnabled"] is found["SelfManagedOptOutsEnabled"] is True
        assert found["DeletionProtectionEnabled"] is False
        assert described(sms, phone_id)["PoolId"] == made["PoolId"]

    def test_of_the_same_client_token_is_the_same(self, sms: Any, phone_id: str) -> None:
        """A repeated create answers as the first did."""
        given = {"OriginationIdentity": phone_id, "MessageType": "TRANSACTIONAL", "ClientToken": "token"}
        assert sms.create_pool(**given)["PoolId"] == sms.create_pool(**given)["PoolId"]

    @pytest.mark.usefixtures("pool_id")
    def test_takes_no_number_that_is_in_another(self, sms: Any, phone_id: str, refused: Any) -> None:
        """PHONE_NUMBER_ASSOCIATED_TO_POOL."""
        error = refused(sms.create_pool, OriginationIdentity=phone_id, MessageType="TRANSACTIONAL")
        assert (error["Code"], error["Reason"]) == ("ConflictException", "PHONE_NUMBER_ASSOCIATED_TO_POOL")

    def test_has_its_numbers_message_type(self, sms: Any, phone_id: str, refused: Any) -> None:
        """MESSAGE_TYPE_MISMATCH."""
        error = refused(sms.create_pool, OriginationIdentity=phone_id, MessageType="PROMOTIONAL")
        assert (error["Code"], error["Reason"]) == ("ConflictException", "MESSAGE_TYPE_MISMATCH")

    @pytest.mark.usefixtures("pool_id")
    def test_keeps_its_numbers_from_being_changed_or_released(self, sms: Any, phone_id: str, refused: Any) -> None:
        """A number in a pool is set by the pool."""
        for operation in (sms.update_phone_number, sms.release_phone_number):
            error = refused(operation, PhoneNumberId=phone_id)
            assert (error["Code"], error["Reason"]) == ("ConflictException", "PHONE_NUMBER_ASSOCIATED_TO_POOL")

    def test_sets_its_numbers(self, sms: Any, phone_id: str, pool_id: str, opt_out_list: str) -> None:
        """What a pool is updated to holds for its numbers."""
        sms.update_pool(PoolId=pool_id, OptOutListName=opt_out_list, SharedRoutesEnabled=True, **TWO_WAY)
        found = described(sms, phone_id)
        assert (found["OptOutListName"], found["TwoWayChannelArn"]) == (opt_out_list, TOPIC)
        assert described_pool(sms, pool_id)["SharedRoutesEnabled"] is True

    def test_sets_a_number_requested_for_it(self, sms: Any, pool_id: str) -> None:
        """A number requested with a PoolId joins the pool as the pool is."""
        sms.update_pool(PoolId=pool_id, **TWO_WAY)
        requested = sms.request_phone_number(**REQUEST, PoolId=pool_id)
        assert (requested["PoolId"], requested["TwoWayChannelArn"]) == (pool_id, TOPIC)

    def test_manages_opt_outs_itself_only_with_two_way_messaging(self, sms: Any, pool_id: str, refused: Any) -> None:
        """The rule of a phone number holds for a pool."""
        error = refused(sms.update_pool, PoolId=pool_id, SelfManagedOptOutsEnabled=True)
        assert (error["Code"], error["Reason"]) == ("ValidationException", "TWO_WAY_NOT_ENABLED")

    def test_frees_its_numbers_when_deleted(self, sms: Any, phone_id: str, pool_id: str, refused: Any) -> None:
        """Numbers stay, and can be changed again."""
        sms.delete_pool(PoolId=pool_id)
        assert refused(sms.describe_pools, PoolIds=[pool_id])["Code"] == "ResourceNotFoundException"
        assert sms.update_phone_number(PhoneNumberId=phone_id, **TWO_WAY)["TwoWayEnabled"] is True

    def test_is_not_deleted_while_protected(self, sms: Any, pool_id: str, refused: Any) -> None:
        """DELETION_PROTECTION_ENABLED."""
        sms.update_pool(PoolId=pool_id, DeletionProtectionEnabled=True)
        error = refused(sms.delete_pool, PoolId=pool_id)
        assert (error["Code"], error["Reason"]) == ("ConflictException", "DELETION_PROTECTION_ENABLED")


def test_a_number_is_not_requested_for_a_registration_that_is_not_there(world: Any, sms: Any, refused: Any) -> None:
    """ResourceNotFoundException; the operations on registrations are not implemented."""
    world.not_on_aws()
    error = refused(
        sms.request_phone_number,
        IsoCountryCode="US",
        MessageType="TRANSACTIONAL",
        NumberCapabilities=["SMS"],
        NumberType="TEN_DLC",
        RegistrationId="registration-1",
    )
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "registration")
