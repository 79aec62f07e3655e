"""A list as a whole: whatever is put, deleted and waited for, it holds what a simple model of it holds."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PEOPLE = [f"+1425555018{last}" for last in range(4)]
STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("delete"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("wait"), st.sampled_from([1, 15, 30])),
)


@pytest.mark.slow
@given(steps=st.lists(STEPS, max_size=12))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_list_holds_what_was_put_and_not_deleted(world: Any, sms: Any, steps: list[tuple[str, Any]]) -> None:
    """Listed are the numbers put since their last deletion; deleting works once in 30 days."""
    name = f"list-{uuid.uuid4().hex}"
    sms.create_opt_out_list(OptOutListName=name)
    listed: set[str] = set()
    deleted: dict[str, int] = {}
    day = 0
    for step, value in steps:
        if step == "wait":
            world.pass_days(value)
            day += value
        elif step == "put":
            sms.put_opted_out_number(OptOutListName=name, OptedOutNumber=value)
            listed.add(value)
        else:
            may = value in listed and day - deleted.get(value, -30) >= 30
            assert may == succeeds(sms, name, value)
            if may:
                listed.discard(value)
                deleted[value] = day
        found = sms.describe_opted_out_numbers(OptOutListName=name)["OptedOutNumbers"]
        assert [one["OptedOutNumber"] for one in found] == sorted(listed)
    sms.delete_opt_out_list(OptOutListName=name)


def succeeds(sms: Any, name: str, number: str) -> bool:
    try:
        sms.delete_opted_out_number(OptOutListName=name, OptedOutNumber=number)
    except (sms.exceptions.ResourceNotFoundException, sms.exceptions.ValidationException):
        return False
    return True
