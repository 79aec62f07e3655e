"""ResourceNotFoundException means that a number is not listed only if the list exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.fake_clock import FakeClock
from support.world import PERSON, World

from sms_consent.adapters import clients
from sms_consent.adapters.clock import QuotaRateLimiter
from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList
from sms_consent.domain.consent import Due
from sms_consent.domain.decision import Asked
from sms_consent.domain.errors import Rejected, Throttled, Unconfirmed, Untouched
from sms_consent.domain.ports import Call

OTHER = "Other"
CALLS: list[Callable[[AwsOptOutList], object]] = [
    lambda opt_out_list: opt_out_list.delete(PERSON, OTHER),
    lambda opt_out_list: opt_out_list.find(PERSON, OTHER),
]
by_call = pytest.mark.parametrize("call", CALLS, ids=["delete", "find"])
by_answer = pytest.mark.parametrize(
    "said", [{}, {"ResourceType": None}, {"ResourceType": "pool"}, {"ResourceId": "something"}, {"ResourceType": 5}]
)
"""What an answer says beside its code, none of which names the number."""


@pytest.fixture
def opt_out_list(world: World) -> AwsOptOutList:
    """The list's adapter, with a separate list."""
    world.aws.create_opt_out_list(OptOutListName=OTHER)
    return AwsOptOutList(world.aws)


@pytest.fixture
def says(world: World) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Change what the service says beside its error code."""
    events = clients.sms_voice().meta.events
    hooks = []

    def answer(said: dict[str, Any]) -> None:
        def hook(parsed: dict[str, Any], **_: Any) -> None:
            if "Error" in parsed:
                for name in ("ResourceType", "ResourceId"):
                    parsed.pop(name, None)
                parsed.update(said)

        events.register("after-call.pinpoint-sms-voice-v2", hook)
        hooks.append(hook)

    yield answer
    for hook in hooks:
        events.unregister("after-call.pinpoint-sms-voice-v2", hook)


@by_answer
@by_call
def test_a_missing_list_is_no_unlisted_number(
    world: World, opt_out_list: AwsOptOutList, says: Any, call: Any, said: dict[str, Any]
) -> None:
    """Whatever the answer leaves out."""
    world.aws.delete_opt_out_list(OptOutListName=OTHER)
    says(said)
    with pytest.raises(Rejected, match="ResourceNotFoundException"):
        call(opt_out_list)


@by_answer
@by_call
def test_an_answer_that_does_not_name_the_number_counts_once_the_list_is_found(
    opt_out_list: AwsOptOutList, says: Any, call: Any, said: dict[str, Any]
) -> None:
    """Then only the number can be missing."""
    says(said)
    assert call(opt_out_list) is None


@pytest.mark.parametrize(
    "said",
    [
        {"ResourceType": "opted-out-number"},
        {"ResourceId": PERSON},
        {"ResourceId": PERSON[1:]},
    ],
)
@by_call
def test_an_answer_that_names_the_number_needs_no_second_call(
    world: World, opt_out_list: AwsOptOutList, says: Any, call: Any, said: dict[str, Any]
) -> None:
    """DescribeOptedOutNumbers has a quota of one call a second."""
    says(said)
    calls = len(world.calls())
    assert call(opt_out_list) is None
    assert len(world.calls()) == calls + 1


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("ThrottlingException", Unconfirmed),
        ("InternalServerException", Unconfirmed),
        ("AccessDeniedException", Rejected),
        ("ValidationException", Rejected),
    ],
)
def test_a_deletion_that_cannot_be_confirmed_is_no_success(
    world: World, opt_out_list: AwsOptOutList, says: Any, error: str, raised: type[Exception]
) -> None:
    """Nor is it in doubt: the service has found nothing to delete."""
    says({})
    world.backend.fail_next("DescribeOptedOutNumbers", error, 1)
    with pytest.raises(raised) as caught:
        opt_out_list.delete(PERSON, OTHER)
    assert isinstance(caught.value, Untouched | Rejected)
    assert not isinstance(caught.value, Throttled)


def test_a_start_stays_due_while_its_list_is_missing(world: World, opt_out_list: AwsOptOutList, says: Any) -> None:
    """It is not recorded as done, and no 30 days start."""
    world.aws.delete_opt_out_list(OptOutListName=OTHER)
    says({})
    consent = world.parts.recorder.record(world.decision(Asked.OPT_IN), OTHER, reply_from=None).consent
    assert (consent.settled, consent.due, consent.deleted_at) == (False, Due.OPT_IN, None)


def test_whether_the_list_exists_is_asked_within_the_rate(world: World, says: Any) -> None:
    """In sweep, which keeps to one DescribeOptedOutNumbers a second."""
    clock = FakeClock(world.parts.clock.now())
    paced = AwsOptOutList(world.aws, QuotaRateLimiter(clock, {Call.FIND: 1}))
    world.aws.create_opt_out_list(OptOutListName=OTHER)
    says({})
    begun = clock.now()
    for _ in range(4):
        assert paced.delete(PERSON, OTHER) is None
    assert (clock.now() - begun).total_seconds() == 3
