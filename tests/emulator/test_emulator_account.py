"""What the account tells of itself: its tier and its limits."""

from __future__ import annotations

from typing import Any

import pytest


def tier(sms: Any) -> str:
    found = {each["Name"]: each["Value"] for each in sms.describe_account_attributes()["AccountAttributes"]}
    answer: str = found["ACCOUNT_TIER"]
    return answer


def test_an_account_is_in_one_of_two_tiers(sms: Any) -> None:
    """The sandbox or production."""
    assert tier(sms) in {"SANDBOX", "PRODUCTION"}


def test_a_limit_is_told_for_each_kind_of_message(sms: Any) -> None:
    """What is enforced is never above what may be."""
    limits = {each["Name"]: each for each in sms.describe_spend_limits()["SpendLimits"]}
    assert "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT" in limits
    assert all(each["EnforcedLimit"] <= each["MaxLimit"] for each in limits.values())


def test_a_test_may_put_the_account_into_the_sandbox(world: Any, sms: Any) -> None:
    """With the limit of a new account."""
    world.control("POST", "account", tier="SANDBOX", text_spend_limit=1)
    limits = {each["Name"]: each["EnforcedLimit"] for each in sms.describe_spend_limits()["SpendLimits"]}
    assert (tier(sms), limits["TEXT_MESSAGE_MONTHLY_SPEND_LIMIT"]) == ("SANDBOX", 1)


@pytest.mark.parametrize(
    "given", [{"tier": "GOLD"}, {"text_spend_limit": -1}, {"text_spend_limit": True}, {"tire": ""}]
)
def test_an_account_that_cannot_be_is_refused(world: Any, given: dict[str, Any]) -> None:
    """With a reason."""
    answer = world.control_answer("POST", "account", **given)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("operation", "key"),
    [("describe_account_attributes", "AccountAttributes"), ("describe_spend_limits", "SpendLimits")],
)
def test_the_accounts_paginators_give_everything_once(sms: Any, operation: str, key: str) -> None:
    """One a page."""
    pages = list(sms.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}))
    names = [each["Name"] for page in pages for each in page[key]]
    assert len(names) == len(set(names)) == len(pages)
