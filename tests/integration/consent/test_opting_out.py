"""A STOP is honoured under every failure: recorded with its evidence, confirmed, and put on the list."""

from __future__ import annotations

from datetime import timedelta

from support.world import OURS, START_OF_TEST, World

from sms_consent.domain.consent import Due, Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.reply import ReplyState


def test_a_stop_puts_its_sender_on_the_list(world: World) -> None:
    """The main job."""
    world.opt_out()
    assert world.listed()


def test_the_ledger_holds_that_the_end_user_asked_while_the_service_says_it_was_the_api(world: World) -> None:
    """PutOptedOutNumber takes no EndUserOptedOut, so the ledger keeps both answers side by side."""
    consent = world.opt_out()
    assert consent.end_user_opted_out is True
    assert consent.listing is not None
    assert consent.listing.end_user_opted_out is False


def test_an_agents_opt_out_is_no_end_users(world: World) -> None:
    """EndUserOptedOut says who asked."""
    assert world.opt_out(author=Author.AGENT, through="api").end_user_opted_out is False


def test_an_end_user_who_confirms_an_agents_opt_out_makes_it_their_own(world: World) -> None:
    """The person's own word is the stronger evidence."""
    world.opt_out(author=Author.AGENT, through="api")
    world.pass_time(minutes=1)
    assert world.opt_out().end_user_opted_out is True


def test_the_confirmation_goes_out_before_the_put(world: World) -> None:
    """After the put the service refuses it."""
    world.opt_out()
    calls = world.calls()
    assert calls.index("SendTextMessage") < calls.index("PutOptedOutNumber")
    assert len(world.texts()) == 1


def test_nothing_is_left_due_after_a_stop(world: World) -> None:
    """The index of due work is sparse: an opt-out that is done is not in it."""
    consent = world.opt_out()
    assert (consent.due, consent.due_at, consent.lease, consent.outbox) == (None, None, None, None)
    assert consent == world.consent()


def test_a_redelivered_stop_changes_nothing(world: World) -> None:
    """SNS and SQS deliver at least once."""
    first = world.opt_out()
    world.pass_time(minutes=3)
    assert world.again() == first
    assert len(world.history()) == 1
    assert len(world.texts()) == 1
    assert world.calls().count("PutOptedOutNumber") == 1


def test_a_second_stop_is_recorded_as_newest_and_not_confirmed_again(world: World) -> None:
    """A number on the list cannot be texted."""
    world.opt_out()
    world.pass_time(minutes=1)
    consent = world.opt_out()
    assert consent.decided_at == START_OF_TEST + timedelta(minutes=1)
    assert len(world.history()) == 2
    assert len(world.texts()) == 1


def test_an_older_start_that_arrives_late_is_recorded_and_changes_nothing(world: World) -> None:
    """Arrival order is not guaranteed; the SNS timestamp counts."""
    world.opt_out()
    world.opt_in(at=START_OF_TEST - timedelta(seconds=1))
    assert world.consent().status is Status.OPTED_OUT
    assert world.listed()
    assert {item["outcome"]["S"] for item in world.history()} == {"CHANGED", "STALE"}


def test_at_equal_times_opting_out_wins_whichever_arrives_first(world: World) -> None:
    """The safe side is opted out."""
    world.opt_in()
    world.opt_out(at=START_OF_TEST)
    world.opt_in(at=START_OF_TEST)
    assert world.consent().status is Status.OPTED_OUT
    assert world.listed()


def test_a_start_after_a_later_repeated_stop_is_stale(world: World) -> None:
    """A repeated STOP moves the time that counts, though it changes no status."""
    world.opt_out()
    world.pass_time(minutes=2)
    world.opt_out()
    world.opt_in(at=START_OF_TEST + timedelta(minutes=1))
    assert world.listed()


def test_a_throttled_put_stays_due_and_sweep_makes_it(world: World) -> None:
    """The queue need not hold it."""
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    consent = world.opt_out()
    assert consent.due is Due.OPT_OUT
    assert consent.status is Status.OPTED_OUT
    world.pass_time(minutes=1)
    world.sweep()
    assert world.listed()
    assert world.consent().due is None
    assert len(world.texts()) == 1


def test_a_put_whose_answer_was_lost_is_made_again(world: World) -> None:
    """Repeating a put does no harm; not making it would."""
    world.backend.fail_next("PutOptedOutNumber", "InternalServerException", 1, after_effect=True)
    assert world.opt_out().due is Due.OPT_OUT
    world.pass_time(minutes=10)
    world.sweep()
    assert world.consent().settled


def test_a_throttled_confirmation_holds_the_put_back_for_its_grace(world: World) -> None:
    """Within the grace, the confirmation still has a chance."""
    world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    world.opt_out()
    assert not world.listed()
    world.pass_time(seconds=5)
    world.sweep()
    assert world.listed()
    assert len(world.texts()) == 1


def test_when_the_grace_is_over_the_put_is_made_without_a_confirmation(world: World) -> None:
    """The confirmation is a courtesy; the opt-out is the law. That it was not sent is recorded."""
    world.backend.fail_next("SendTextMessage", "ThrottlingException", 100)
    world.opt_out()
    world.pass_time(seconds=61)
    world.sweep()
    assert world.listed()
    answer = world.consent().answer
    assert answer is not None
    assert answer.state is ReplyState.SKIPPED


def test_a_confirmation_that_may_have_gone_out_is_not_sent_again(world: World) -> None:
    """At most once: the FCC allows one confirmation."""
    world.backend.fail_next("SendTextMessage", "InternalServerException", 1, after_effect=True)
    consent = world.opt_out()
    assert consent.answer is not None
    assert consent.answer.state is ReplyState.UNKNOWN
    assert world.listed()
    assert len(world.texts()) == 1


def test_a_reply_that_is_refused_for_good_does_not_hold_up_the_put(world: World) -> None:
    """A number that is not ours to text from is a fault of configuration, and no reason to lose a STOP."""
    decision = world.decision(Asked.OPT_OUT)
    consent = world.parts.recorder.record(decision, "Default", reply_from="+12125550199").consent
    assert consent.answer is not None
    assert consent.answer.state is ReplyState.FAILED
    assert world.listed()


def test_a_number_that_no_library_knows_is_put_all_the_same(world: World) -> None:
    """Carriers open ranges faster than libraries learn them: the API's own pattern is the only measure."""
    world.opt_out(number="+9995550100")
    numbers = world.aws.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"]
    assert {each["OptedOutNumber"] for each in numbers} == {"+9995550100"}


def test_a_missing_list_keeps_the_opt_out_due(world: World) -> None:
    """A fault of configuration delays an opt-out and is alarmed; it never loses it."""
    decision = world.decision(Asked.OPT_OUT)
    recorded = world.parts.recorder.record(decision, "NoSuchList", reply_from=OURS)
    assert recorded.consent.due is Due.OPT_OUT
    assert recorded.consent.status is Status.OPTED_OUT


def test_a_repeated_stop_does_at_once_what_an_earlier_one_left_due(world: World) -> None:
    """It changes nothing, but whoever delivers it is there to do the work."""
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out()
    world.pass_time(minutes=1)
    assert world.opt_out().settled
    assert world.listed()
