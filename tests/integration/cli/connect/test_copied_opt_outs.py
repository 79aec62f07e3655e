"""People who are opted out on a number's old list stay opted out, and people who opted in since stay opted in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from support.connectable import NUMBER, OLD_LIST, OWN_LIST, Connectable, client
from support.world import PERSON

from sms_consent.adapters.sms_voice.listings import AwsListings
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.reconciliation import drift_rules
from sms_consent.recording.recorder import Recorder
from sms_consent_cli.commands.connect.delivery_check import TEST_DESTINATION, TEST_SENDER


def opt_out_by_aws(stack: Connectable, number: str = PERSON) -> None:
    """Opt out by AWS's own keyword handling, which sets EndUserOptedOut."""
    stack.world.backend.receive_text(number, NUMBER, "STOP")


def test_opt_outs_that_would_not_be_copied_stop_it(stack: Connectable) -> None:
    """With their number, and the option that copies them."""
    opt_out_by_aws(stack)
    before = stack.handling()
    assert stack.quickly("connect", NUMBER) == 1
    assert "1 of 1 numbers on Default are not on Stack" in stack.found("opt-outs")[1]
    assert stack.handling() == before


def test_opt_outs_that_only_the_ledger_has_stop_it_too(stack: Connectable) -> None:
    """A STOP whose put has failed so far stands on no list of AWS's."""
    decision = stack.world.decision(Asked.OPT_OUT)
    Recorder(ledger=stack.world.parts.ledger, clock=stack.world.parts.clock).record(decision, OLD_LIST)
    before = stack.handling()
    assert stack.quickly("connect", NUMBER) == 1
    assert "0 of 0 numbers on Default are not on Stack, and 1 more are opted out" in stack.found("opt-outs")[1]
    assert stack.handling() == before
    assert stack.quickly("connect", NUMBER, "--carry") == 0
    consent = stack.world.parts.ledger.consent(PERSON, OWN_LIST)
    assert consent is not None
    assert (consent.status, consent.decided_at, consent.end_user_opted_out) == (Status.OPTED_OUT, decision.at, True)


def test_opt_outs_can_be_left_out_by_option(stack: Connectable) -> None:
    """The check says how many; nothing is copied."""
    opt_out_by_aws(stack)
    assert stack.quickly("connect", NUMBER, "--forget") == 0
    assert "they are not copied" in stack.found("opt-outs")[1]
    assert stack.listed(OWN_LIST) == set()
    assert stack.run("connect", NUMBER, "--forget", "--carry").exit_code == 2


def test_copied_opt_outs_keep_their_time_and_author(stack: Connectable) -> None:
    """They are imports, with AWS's EndUserOptedOut."""
    opt_out_by_aws(stack)
    at = stack.world.parts.clock.now()
    stack.world.pass_time(minutes=5)
    assert stack.quickly("connect", NUMBER, "--copy-opt-outs") == 0
    consent = stack.world.parts.ledger.consent(PERSON, OWN_LIST)
    assert consent is not None
    assert (consent.end_user_opted_out, consent.decided_at, consent.settled) == (True, at, True)
    assert PERSON in stack.listed(OWN_LIST)


def _recorded(stack: Connectable) -> list[str]:
    return [item["id"]["S"] for item in stack.world.history() if item["pk"]["S"] == PERSON]


def test_an_entry_is_one_decision_for_connect_and_for_reconcile(stack: Connectable) -> None:
    """Whichever of them finds it first, and to however many lists it is brought."""
    opt_out_by_aws(stack)
    ((number, listing),) = AwsListings(client("pinpoint-sms-voice-v2")).page(OLD_LIST, None).entries
    now = stack.world.parts.clock.now()
    stack.world.parts.ledger.save(drift_rules.recorded_from_list(None, number, OLD_LIST, listing, now), replacing=None)
    stack.world.pass_time(minutes=5)
    assert stack.quickly("connect", NUMBER, "--copy-opt-outs") == 0
    consents = [stack.world.parts.ledger.consent(PERSON, name) for name in (OLD_LIST, OWN_LIST)]
    assert len({consent.decided_by for consent in consents if consent is not None}) == 1
    assert [consents[1].decided_by] == _recorded(stack)  # type: ignore[union-attr]  # it is there


def test_an_opt_out_copied_by_an_earlier_release_is_not_copied_again(stack: Connectable) -> None:
    """It has another id."""
    opt_out_by_aws(stack)
    old = stack.world.decision(Asked.OPT_OUT, id="list-0123", author=Author.IMPORT, through="opt-out list Default")
    stack.world.parts.recorder.record(old, OWN_LIST, reply_from=None)
    assert stack.quickly("connect", NUMBER, "--copy-opt-outs") == 0
    assert _recorded(stack) == ["list-0123"]


def test_a_person_who_opted_in_since_stays_opted_in(stack: Connectable) -> None:
    """By the ledger, which knows of a newer opt-in."""
    opt_out_by_aws(stack)
    stack.world.pass_time(minutes=5)
    started = stack.world.decision(Asked.OPT_IN, author=Author.AGENT)
    stack.world.parts.recorder.record(started, OWN_LIST, reply_from=None)
    assert stack.quickly("connect", NUMBER, "--copy-opt-outs") == 0
    assert PERSON not in stack.listed(OWN_LIST)


@pytest.mark.slow
def test_a_list_that_is_not_updated_leaves_the_number_unchanged(stack: Connectable) -> None:
    """Recorded and due is no failure; but texts would go out if the number obeyed the new list now. A further run goes on."""
    opt_out_by_aws(stack)
    stack.may_invoke = False
    before = stack.handling()[2]
    code, told = stack.told("connect", NUMBER, "--copy-opt-outs")
    assert (code, told["due"], told["connected"], told["honouredBy"]) == (0, 1, False, "AWS")
    assert told["steps"][-1]["state"] == "due"
    assert "1 opt-outs are recorded and due" in told["steps"][-1]["told"]
    assert stack.handling()[2] == before
    stack.sweep()
    code, told = stack.told("connect", NUMBER, "--copy-opt-outs")
    assert (code, told["connected"], PERSON in stack.listed(OWN_LIST)) == (0, True, True)


@pytest.mark.slow
def test_many_are_left_to_a_whole_sweep(stack: Connectable) -> None:
    """SweepFunction is invoked once, and not for each number."""
    numbers = [f"+1425555{line:04}" for line in range(200, 212)]
    for number in numbers:
        opt_out_by_aws(stack, number)
    assert stack.quickly("connect", NUMBER, "--copy-opt-outs") == 0
    assert stack.invoked == [{}]
    assert stack.listed(OWN_LIST) >= set(numbers)


def test_a_stop_between_copy_and_change_of_list_is_copied(stack: Connectable) -> None:
    """AWS puts it on the list that the number obeys until then."""
    texted: list[str] = []

    def look(call: str) -> None:
        # The copy reads the old list, empty; a moment later, the person texts.
        if call == "DescribeOptedOutNumbers" and not texted and stack.handling()[0]:
            texted.append(call)
            opt_out_by_aws(stack)

    with stack.looking(look):
        assert stack.quickly("connect", NUMBER, "--copy-opt-outs") == 0
    assert texted
    assert PERSON in stack.listed(OWN_LIST)


def test_the_delivery_test_opts_no_person_out(stack: Connectable) -> None:
    """Its numbers are reserved for fiction, nothing is sent, and the list is as it was."""
    assert stack.quickly("connect", NUMBER) == 0
    assert (TEST_SENDER[5:8], TEST_DESTINATION[5:8]) == ("555", "555")
    assert all(number[8:].startswith("01") for number in (TEST_SENDER, TEST_DESTINATION))
    assert stack.world.texts() == []
    assert stack.listed(OWN_LIST) == set()


@pytest.mark.slow
def test_the_delivery_test_can_be_repeated_within_30_days(stack: Connectable) -> None:
    """Its number waits on the list for its release, and is no opt-out that must come along."""
    for _ in range(3):
        assert stack.quickly("connect", NUMBER) == 0
        stack.world.pass_time(minutes=1)
        assert stack.quickly("disconnect", NUMBER) == 0
        stack.world.pass_time(minutes=1)
    assert stack.listed(OWN_LIST) == {TEST_SENDER}
    assert stack.listed(OLD_LIST) == set()


def test_disconnecting_copies_opt_outs_back(stack: Connectable) -> None:
    """Onto the list that the number obeyed before, as the ledger knows them; without it, nothing is changed."""
    assert stack.quickly("connect", NUMBER) == 0
    opted_out = stack.world.decision(Asked.OPT_OUT)
    stack.world.parts.recorder.record(opted_out, OWN_LIST, reply_from=None)
    assert stack.quickly("disconnect", NUMBER) == 1
    assert stack.handling() == (True, stack.topic, OWN_LIST, True)
    assert stack.quickly("disconnect", NUMBER, "--copy-opt-outs") == 0
    assert stack.handling() == (False, stack.topic, OLD_LIST, False)
    assert PERSON in stack.listed(OLD_LIST)


def test_disconnecting_can_keep_the_list(stack: Connectable) -> None:
    """It has everyone who opted out."""
    assert stack.quickly("connect", NUMBER) == 0
    assert stack.quickly("disconnect", NUMBER, "--keep-list") == 0
    assert stack.handling() == (False, stack.topic, OWN_LIST, False)


def test_a_number_whose_opt_outs_another_system_honours_goes_through_aws(stack: Connectable) -> None:
    """Self-managed opt-outs are off while anything changes."""
    other = client("sns").create_topic(Name="other")["TopicArn"]
    stack.world.aws.update_phone_number(
        PhoneNumberId=stack.number_id, TwoWayEnabled=True, TwoWayChannelArn=other, SelfManagedOptOutsEnabled=True
    )
    seen: list[tuple[bool, bool]] = []
    with stack.looking(lambda _: seen.append((stack.handling()[1] == other, stack.handling()[3]))):
        assert stack.quickly("connect", NUMBER, "--accept", "channel") == 0
    kept = [seen[0], *(now for before, now in pairwise(seen) if now != before)]
    assert kept == [(True, True), (True, False), (False, False), (False, True)]


def test_a_pool_is_connected_with_its_numbers(stack: Connectable) -> None:
    """Which take over what the pool is set to."""
    pool = stack.world.aws.create_pool(
        OriginationIdentity=stack.number_id, IsoCountryCode="US", MessageType="TRANSACTIONAL"
    )["PoolId"]
    assert stack.quickly("connect", pool) == 0
    assert stack.handling() == (True, stack.topic, OWN_LIST, True)
    assert stack.quickly("disconnect", pool) == 0
    assert stack.handling() == (False, stack.topic, OLD_LIST, False)


def test_a_refusal_in_the_middle_says_who_honours_stop(stack: Connectable) -> None:
    """The same command continues from there."""
    stack.world.backend.fail_next("UpdatePhoneNumber", "AccessDeniedException", 1)
    code, told = stack.told("connect", NUMBER)
    assert (code, told["honouredBy"], told["connected"]) == (3, "AWS", False)
    assert told["failure"] == "UpdatePhoneNumber: AccessDeniedException"
    code, told = stack.told("connect", NUMBER)
    assert (code, told["honouredBy"], told["connected"]) == (0, "the stack", True)
