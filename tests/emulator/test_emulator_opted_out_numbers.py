"""Numbers on a list: putting, deleting, describing, and the 30 days."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

PERSON, ANOTHER = "+14255550182", "+14255550183"


def listed(sms: Any, opt_out_list: str, **narrowed: Any) -> list[str]:
    found = sms.describe_opted_out_numbers(OptOutListName=opt_out_list, **narrowed)["OptedOutNumbers"]
    return [one["OptedOutNumber"] for one in found]


def test_a_number_put_by_api_was_not_opted_out_by_the_end_user(sms: Any, opt_out_list: str) -> None:
    """PutOptedOutNumber cannot say who asked, so EndUserOptedOut is false."""
    answer = sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    (found,) = sms.describe_opted_out_numbers(OptOutListName=opt_out_list)["OptedOutNumbers"]
    assert answer["EndUserOptedOut"] is found["EndUserOptedOut"] is False
    assert answer["OptedOutTimestamp"] == found["OptedOutTimestamp"]


def test_a_repeated_put_is_no_error(sms: Any, opt_out_list: str) -> None:
    """The number is on the list once."""
    for _ in range(2):
        sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert listed(sms, opt_out_list) == [PERSON]


def test_a_repeated_put_keeps_the_first_timestamp(world: Any, sms: Any, opt_out_list: str) -> None:
    """The emulator's reading, since what AWS does is not known."""
    first = sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    world.pass_days(1)
    second = sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert first["OptedOutTimestamp"] == second["OptedOutTimestamp"]


def test_a_put_by_api_does_not_take_back_what_the_end_user_did(
    world: Any, sms: Any, opt_out_list: str, originator: dict[str, str]
) -> None:
    """EndUserOptedOut stays true (the emulator's reading, since what AWS does is not known)."""
    world.control("POST", "inbound", **{"from": PERSON, "to": "+12125550101", "body": "STOP"})
    answer = sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert answer["EndUserOptedOut"] is True


def test_the_plus_sign_makes_no_other_number(sms: Any, opt_out_list: str) -> None:
    """The model lets the sign be left out; the answer has the E.164 form."""
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON.lstrip("+"))
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert listed(sms, opt_out_list) == [PERSON]


def test_a_deleted_number_is_off_the_list(world: Any, sms: Any, opt_out_list: str) -> None:
    """OptedOutTimestamp: "The time that the number was removed at" (API reference). No other number is deleted."""
    put = sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=ANOTHER)
    world.pass_days(2)
    gone = sms.delete_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert (gone["OptedOutTimestamp"] - put["OptedOutTimestamp"]).days == 2
    assert listed(sms, opt_out_list) == [ANOTHER]


def test_deleting_a_number_that_is_not_listed_is_not_found(sms: Any, opt_out_list: str, refused: Any) -> None:
    """The refusal names the number, not the list."""
    error = refused(sms.delete_opted_out_number, OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "opted-out-number")


def test_describing_a_number_that_is_not_listed_is_not_found(sms: Any, opt_out_list: str, refused: Any) -> None:
    """One number that is not on the list fails the call, whichever others are."""
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    error = refused(sms.describe_opted_out_numbers, OptOutListName=opt_out_list, OptedOutNumbers=[PERSON, ANOTHER])
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "opted-out-number")


def test_named_numbers_are_described_and_no_others(sms: Any, opt_out_list: str) -> None:
    """Up to five numbers can be asked for; in which order they come is not documented."""
    people = [f"+1425555018{last}" for last in range(6)]
    for number in people:
        sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=number)
    assert sorted(listed(sms, opt_out_list, OptedOutNumbers=people[:5])) == people[:5]


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["true"], [PERSON]), (["false"], [ANOTHER]), (["true", "false"], [PERSON, ANOTHER])],
)
def test_the_filter_tells_end_users_own_opt_outs(
    world: Any, sms: Any, opt_out_list: str, originator: dict[str, str], values: list[str], expected: list[str]
) -> None:
    """end-user-opted-out leaves in what has one of its values."""
    world.control("POST", "inbound", **{"from": PERSON, "to": "+12125550101", "body": "STOP"})
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=ANOTHER)
    chosen = [{"Name": "end-user-opted-out", "Values": values}]
    assert listed(sms, opt_out_list, Filters=chosen) == expected


def test_several_filters_must_all_hold(world: Any, sms: Any, opt_out_list: str) -> None:
    """Nothing is both opted out by the end user and not."""
    sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    chosen = [{"Name": "end-user-opted-out", "Values": [value]} for value in ("true", "false")]
    assert listed(sms, opt_out_list, Filters=chosen) == []


def test_the_filter_takes_true_and_false_alone(sms: Any, opt_out_list: str, refused: Any) -> None:
    """Another value is INVALID_FILTER_VALUES."""
    chosen = [{"Name": "end-user-opted-out", "Values": ["yes"]}]
    error = refused(sms.describe_opted_out_numbers, OptOutListName=opt_out_list, Filters=chosen)
    assert (error["Code"], error["Reason"]) == ("ValidationException", "INVALID_FILTER_VALUES")


class TestThe30Days:
    """DeleteOptedOutNumber: once every 30 days for each destination number."""

    @pytest.fixture
    def delete(self, sms: Any, opt_out_list: str) -> Any:
        """Put the person on the list and delete them again: once is allowed, so what is given back comes second."""

        def put_and_delete(name: str = opt_out_list) -> Any:
            sms.put_opted_out_number(OptOutListName=name, OptedOutNumber=PERSON)
            return sms.delete_opted_out_number(OptOutListName=name, OptedOutNumber=PERSON)

        put_and_delete()
        return put_and_delete

    def test_a_second_deletion_is_refused_as_seen_in_production(
        self, sms: Any, opt_out_list: str, delete: Any, refused: Any
    ) -> None:
        """By default a ValidationException, and the number stays on the list."""
        error = refused(delete)
        assert (error["Code"], error["Reason"]) == ("ValidationException", "PHONE_NUMBER_CANNOT_BE_OPTED_IN")
        assert [one["Name"] for one in error["Fields"]] == ["OptedOutNumber"]
        assert listed(sms, opt_out_list) == [PERSON]

    def test_a_second_deletion_can_be_refused_as_documented(
        self, world: Any, sms: Any, opt_out_list: str, delete: Any, refused: Any
    ) -> None:
        """Switched over, a ConflictException, and the number stays on the list."""
        world.control("POST", "opt-in-refusal", error="ConflictException")
        assert refused(delete)["Code"] == "ConflictException"
        assert listed(sms, opt_out_list) == [PERSON]

    @pytest.mark.parametrize("error", ["ValidationException", "ConflictException"])
    def test_the_rule_ends_after_30_days_and_not_a_minute_before(
        self, world: Any, sms: Any, opt_out_list: str, delete: Any, refused: Any, error: str
    ) -> None:
        """The 30 days count from the deletion, whichever refusal is chosen."""
        world.control("POST", "opt-in-refusal", error=error)
        world.pass_days(30 - 60 / 86400)
        assert refused(delete)["Code"] == error
        world.pass_days(60 / 86400)
        delete()
        assert listed(sms, opt_out_list) == []

    def test_a_refused_deletion_does_not_start_the_days_again(
        self, world: Any, sms: Any, opt_out_list: str, delete: Any, refused: Any
    ) -> None:
        """Trying early costs nothing."""
        world.pass_days(29)
        refused(delete)
        world.pass_days(1)
        delete()
        assert listed(sms, opt_out_list) == []

    def test_another_list_counts_its_own_days(self, world: Any, sms: Any, delete: Any) -> None:
        """The emulator's reading: AWS does not say whether the days count for a number on all lists."""
        world.not_on_aws()
        delete("Default")
        assert listed(sms, "Default") == []

    def test_the_days_pass_with_the_processs_clock_too(
        self, world: Any, sms: Any, opt_out_list: str, delete: Any, refused: Any
    ) -> None:
        """time_machine and freezegun move the emulator's time."""
        world.not_on_aws()
        (put,) = sms.describe_opt_out_lists(OptOutListNames=[opt_out_list])["OptOutLists"]
        with time_machine.travel(put["CreatedTimestamp"].timestamp() + 29 * 86400):
            refused(delete)
        with time_machine.travel(put["CreatedTimestamp"].timestamp() + 31 * 86400):
            delete()
            assert listed(sms, opt_out_list) == []

    def test_only_the_two_refusals_can_be_chosen(self, world: Any) -> None:
        """A misspelt one would leave a test with the default."""
        assert world.control_answer("POST", "opt-in-refusal", error="ConflictError").status_code == 400
