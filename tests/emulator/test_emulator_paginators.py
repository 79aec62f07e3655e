"""Pages: what MaxResults and NextToken do, by hand and through botocore's own paginators."""

from __future__ import annotations

from typing import Any

import pytest

PEOPLE = [f"+1425555{last:04}" for last in range(100, 107)]


@pytest.fixture
def full_list(sms: Any, opt_out_list: str) -> str:
    """A list with seven numbers."""
    for number in PEOPLE:
        sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=number)
    return opt_out_list


def numbers(page: dict[str, Any]) -> list[str]:
    return [one["OptedOutNumber"] for one in page["OptedOutNumbers"]]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_the_paginator_gives_every_number_once(sms: Any, full_list: str, size: int) -> None:
    """describe_opted_out_numbers through boto3's paginator, at any page size."""
    pages = sms.get_paginator("describe_opted_out_numbers").paginate(
        OptOutListName=full_list, PaginationConfig={"PageSize": size}
    )
    found = [numbers(page) for page in pages]
    assert [number for page in found for number in page] == PEOPLE
    assert all(len(page) <= size for page in found)


def test_a_full_last_page_has_no_token(sms: Any, full_list: str) -> None:
    """A token is given only where something follows."""
    page = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=7)
    assert "NextToken" not in page


def test_the_paginator_gives_every_list_once(world: Any, sms: Any) -> None:
    """describe_opt_out_lists through boto3's paginator."""
    world.not_on_aws()
    for number in range(5):
        sms.create_opt_out_list(OptOutListName=f"list-{number}")
    pages = sms.get_paginator("describe_opt_out_lists").paginate(PaginationConfig={"PageSize": 2})
    found = [one["OptOutListName"] for page in pages for one in page["OptOutLists"]]
    assert found == ["Default", *(f"list-{number}" for number in range(5))]


@pytest.mark.parametrize(
    ("operation", "key"),
    [("describe_phone_numbers", "PhoneNumbers"), ("describe_pools", "Pools"), ("describe_keywords", "Keywords")],
)
def test_the_other_paginators_give_everything_once(world: Any, sms: Any, operation: str, key: str) -> None:
    """Three phone numbers, three pools, three keywords, one a page."""
    ids = [
        world.control("POST", "phone-numbers", phone_number=f"+1212555010{last}")["phone_number_id"]
        for last in range(3)
    ]
    for phone_id in ids:
        sms.create_pool(OriginationIdentity=phone_id, MessageType="TRANSACTIONAL")
    sms.put_keyword(OriginationIdentity=ids[0], Keyword="JOIN", KeywordMessage="Welcome.")
    of = {"OriginationIdentity": ids[0]} if operation == "describe_keywords" else {}
    pages = list(sms.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **of))
    found = [str(one) for page in pages for one in page[key]]
    assert len(pages) == len(set(found)) == 3


def test_a_token_outlives_changes_to_the_list(sms: Any, full_list: str) -> None:
    """What is deleted or put between two pages neither hides nor repeats another number."""
    first = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=3)
    sms.delete_opted_out_number(OptOutListName=full_list, OptedOutNumber=PEOPLE[2])
    sms.put_opted_out_number(OptOutListName=full_list, OptedOutNumber="+12065550100")
    second = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=100, NextToken=first["NextToken"])
    assert numbers(first) + numbers(second) == PEOPLE


def test_the_page_size_may_change_from_page_to_page(sms: Any, full_list: str) -> None:
    """MaxResults is not part of what a token belongs to."""
    first = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=1)
    second = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=2, NextToken=first["NextToken"])
    assert numbers(second) == PEOPLE[1:3]


def test_a_filter_spans_pages(sms: Any, full_list: str) -> None:
    """Pages are filled with what the filter leaves in."""
    chosen = [{"Name": "end-user-opted-out", "Values": ["false"]}]
    first = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=5, Filters=chosen)
    assert numbers(first) == PEOPLE[:5]
    second = sms.describe_opted_out_numbers(
        OptOutListName=full_list, MaxResults=5, Filters=chosen, NextToken=first["NextToken"]
    )
    assert numbers(second) == PEOPLE[5:]


class TestATokenIsRefused:
    """INVALID_NEXT_TOKEN, for the field NextToken."""

    @pytest.mark.parametrize("token", ["made-up", "AAAA", "bnVsbA==", "WzEsMl0=", "é", "x" * 1024])
    def test_if_it_was_made_up(self, sms: Any, opt_out_list: str, refused: Any, token: str) -> None:
        """Whatever it looks like."""
        error = refused(sms.describe_opted_out_numbers, OptOutListName=opt_out_list, NextToken=token)
        assert (error["Code"], error["Reason"]) == ("ValidationException", "INVALID_NEXT_TOKEN")
        assert [field["Name"] for field in error["Fields"]] == ["NextToken"]

    def test_if_it_was_altered(self, sms: Any, full_list: str, refused: Any) -> None:
        """One character is enough."""
        token = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=1)["NextToken"]
        altered = token[:8] + ("A" if token[8] != "A" else "B") + token[9:]
        error = refused(sms.describe_opted_out_numbers, OptOutListName=full_list, NextToken=altered)
        assert error["Reason"] == "INVALID_NEXT_TOKEN"

    def test_with_another_query(self, sms: Any, full_list: str, refused: Any) -> None:
        """A token belongs to the operation and parameters that it was given for."""
        token = sms.describe_opted_out_numbers(OptOutListName=full_list, MaxResults=1)["NextToken"]
        chosen = [{"Name": "end-user-opted-out", "Values": ["false"]}]
        for operation, parameters in (
            (sms.describe_opted_out_numbers, {"OptOutListName": "Default"}),
            (sms.describe_opted_out_numbers, {"OptOutListName": full_list, "Filters": chosen}),
            (sms.describe_opt_out_lists, {}),
        ):
            assert refused(operation, NextToken=token, **parameters)["Reason"] == "INVALID_NEXT_TOKEN"
