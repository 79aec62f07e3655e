"""ReconcileFunction on simulated AWS: the real table schema, the emulator's lists, the handler's metrics and logs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from support.fake_clock import FakeClock
from support.inbound_function import Inbound
from support.notify_function import notify_beside
from support.reconcile_function import Reconcile, emitted
from support.refusals import refusal, refuses
from support.world import LIST, PERSON

from handlers.reconcile import container
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb import consent_scan as scan
from sms_consent.adapters.dynamodb.codec import decode, encode, from_attributes
from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
from sms_consent.adapters.dynamodb.reconcile_progress import PART, DynamoProgressStore
from sms_consent.adapters.sms_voice import listings
from sms_consent.adapters.sms_voice.listings import served_lists
from sms_consent.domain.consent import DriftKind, Due, Status
from sms_consent.domain.errors import Moved, Throttled, TryAgain
from sms_consent.reconciliation.progress import BloomSnapshot, Counts, RunProgress

SHARED = "arn:aws:sms-voice:us-east-1:210987654321:opt-out-list/Shared"
OURS_TOO = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Club"


def _missing(inbound: Inbound, reconcile: Reconcile, number: str = PERSON) -> None:
    inbound.hear("STOP", originationNumber=number, inboundMessageId=number)
    inbound.world.pass_time(hours=1)
    reconcile.delete_by_hand(number)


def test_a_number_taken_off_the_list_by_hand_is_back_after_the_next_sweep(
    inbound: Inbound, reconcile: Reconcile
) -> None:
    """The first run begins at the first turn."""
    _missing(inbound, reconcile)
    assert reconcile.run()["found"][DriftKind.NOT_LISTED] == 1
    consent = inbound.consent()
    assert consent is not None
    assert consent.due is Due.OPT_OUT
    inbound.world.sweep()
    assert inbound.world.listed()


@pytest.mark.slow
def test_an_unknown_number_is_recorded(inbound: Inbound, reconcile: Reconcile) -> None:
    """As many as a deployment finds on the list that it was given: over a hundred are more than a page."""
    numbers = [f"+1425555{number:04}" for number in range(101)]
    for number in numbers:
        reconcile.put_by_hand(number)
    assert reconcile.run()["found"][DriftKind.NOT_RECORDED] == 101
    consents = [inbound.consent(number) for number in numbers]
    assert {consent.status for consent in consents if consent is not None} == {Status.OPTED_OUT}
    assert {drift.number for drift in reconcile.drifts()} == set(numbers)


def test_an_opt_in_that_is_still_on_the_list_is_taken_off(inbound: Inbound, reconcile: Reconcile) -> None:
    """Its entry is older than the opt-in: a deletion that this ledger took for done was not."""
    inbound.hear("START")
    standing = inbound.consent()
    assert standing is not None
    reconcile.put_by_hand(PERSON)
    inbound.world.pass_time(hours=1)
    later = replace(standing, decided_at=inbound.world.parts.clock.now(), revision=standing.revision + 1)
    inbound.world.parts.ledger.save(later, replacing=standing)
    inbound.world.pass_time(hours=1)
    assert reconcile.run()["found"][DriftKind.STILL_LISTED] == 1
    inbound.world.sweep()
    assert not inbound.world.listed()


def test_every_kind_of_drift_is_published(
    inbound: Inbound, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ListDrifted, by its schema; how far a run is concerns nobody."""
    with notify_beside(inbound, monkeypatch) as notify:
        _missing(inbound, reconcile)
        reconcile.put_by_hand("+14255550190")
        inbound.world.pass_time(hours=1)
        notify.run()
        notify.told()
        reconcile.run()
        assert notify.run() == []
        drifted = [event["detail"] for event in notify.told() if event["detail-type"] == "ListDrifted"]
        assert {(each["number"], each["kind"]) for each in drifted} == {
            (PERSON, "NOT_LISTED"),
            ("+14255550190", "NOT_RECORDED"),
        }
        assert notify.put_aside() == []


@pytest.mark.slow
def test_the_progress_of_a_run_is_not_published(
    inbound: Inbound, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept sketch passes through the stream like everything in the table."""
    monkeypatch.setattr(listings, "PAGE", 5)
    for number in range(11):
        reconcile.put_by_hand(f"+1425555{number:04}")
    with notify_beside(inbound, monkeypatch) as notify:
        assert reconcile.run(seconds=31)["state"] == "LEFT"
        assert notify.run() == []
        assert {event["detail-type"] for event in notify.told()} == {"ListDrifted", "ConsentWithdrawn"}
        assert reconcile.run()["state"] == "FINISHED"
        assert len(reconcile.drifts()) == 11


def test_metrics_count_what_was_found_and_how_old_the_last_whole_run_is(
    inbound: Inbound, reconcile: Reconcile, capsys: pytest.CaptureFixture[str]
) -> None:
    """By these the alarms go."""
    _missing(inbound, reconcile)
    inbound.hear("STOP", originationNumber="+14255550191", inboundMessageId="b")
    inbound.world.pass_time(hours=1)
    capsys.readouterr()
    reconcile.run()
    metrics = emitted(capsys.readouterr().out)
    assert metrics == {
        "DriftNotListed": 1.0,
        "DriftNotRecorded": 0.0,
        "DriftStillListed": 0.0,
        "NumbersReconciled": 3.0,  # one on the list, two in the ledger
        "ListPagesRead": 1.0,
        "ListsUnread": 0.0,
        "ReconcileAge": 0.0,
    }


def test_a_turn_with_nothing_to_do_tells_its_age_and_reads_once(
    reconcile: Reconcile, inbound: Inbound, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody texts, and nothing is paid for."""
    reconcile.run()
    inbound.world.pass_time(hours=5)
    capsys.readouterr()
    with patch.object(DynamoProgressStore, "save", side_effect=AssertionError):
        assert reconcile.run()["state"] == "NOT_DUE"
    metrics = emitted(capsys.readouterr().out)
    assert metrics == {"ReconcileAge": timedelta(hours=5).total_seconds(), "ListsUnread": 0.0}


def test_a_run_continues_at_the_next_turn(
    inbound: Inbound, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page a second: what a turn has no time for, the next one does, from where it was."""
    monkeypatch.setattr(listings, "PAGE", 5)
    for number in range(18):
        reconcile.put_by_hand(f"+1425555{number:04}")
    assert reconcile.run(seconds=31.5)["state"] == "LEFT"
    inbound.world.pass_time(minutes=5)
    done = reconcile.run()
    assert (done["state"], done["listed"], done["found"]["NOT_RECORDED"]) == ("FINISHED", 18, 18)
    pages = [record for record in inbound.world.backend.request_log() if record.operation == "DescribeOptedOutNumbers"]
    assert len(pages) == 4


def test_the_ledger_is_walked_page_by_page(
    inbound: Inbound, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of which the filter leaves nothing are pages too."""
    monkeypatch.setattr(scan, "SCANNED", 2)
    numbers = [f"+1425555{number:04}" for number in range(5)]
    for number in numbers:
        inbound.hear("STOP", originationNumber=number, inboundMessageId=number)
    inbound.world.pass_time(hours=1)
    for number in numbers[::2]:
        reconcile.delete_by_hand(number)
    assert reconcile.run()["found"]["NOT_LISTED"] == 3
    assert {drift.number for drift in reconcile.drifts()} == set(numbers[::2])


def test_throttling_is_waited_out(inbound: Inbound, reconcile: Reconcile) -> None:
    """A second's quota that somebody else has used."""
    _missing(inbound, reconcile)
    inbound.world.backend.fail_next("DescribeOptedOutNumbers", "ThrottlingException", 4)
    assert reconcile.run()["found"]["NOT_LISTED"] == 1


def _logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [vars(record) for record in caplog.records if record.name == "reconcile"]


def test_a_list_that_may_not_be_read_is_logged_and_counted(
    reconcile: Reconcile,
    inbound: Inbound,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The run ends, but does not count as one that has read everything."""
    reconcile.run()
    inbound.world.pass_time(days=1)
    inbound.world.backend.fail_next("DescribeOptedOutNumbers", "AccessDeniedException", 1)
    capsys.readouterr()
    reconcile.run()
    printed = capsys.readouterr().out
    assert emitted(printed)["ListsUnread"] == 1
    assert emitted(printed)["ReconcileAge"] == timedelta(days=1).total_seconds()
    assert [each["opt_out_lists"] for each in _logged(caplog) if "opt_out_lists" in each] == [[LIST]]


def test_no_number_is_logged(inbound: Inbound, reconcile: Reconcile, caplog: pytest.LogCaptureFixture) -> None:
    """Masked, it is enough to find the case with its owner."""
    _missing(inbound, reconcile)
    reconcile.put_by_hand("+14255550190")
    reconcile.run()
    logged = str(_logged(caplog))
    assert "+1425•••0182" in logged
    assert PERSON[1:] not in logged
    assert "4255550190" not in logged


def test_lists_are_named_as_the_ledger_names_them() -> None:
    """By ARN only those of another account, and the own list as the deployment was told it."""
    own = OURS_TOO.replace("Club", "Own")
    assert served_lists("Own", f"{own},{OURS_TOO},{SHARED},", "123456789012") == ("Own", "Club", SHARED)
    assert served_lists(own, f"{own},{SHARED}", "123456789012") == (own, SHARED)
    assert served_lists("Own", "", "123456789012") == ("Own",)


def test_the_function_reads_the_additional_lists_too(
    inbound: Inbound, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the deployment has been told of."""
    inbound.world.aws.create_opt_out_list(OptOutListName="Club")
    monkeypatch.setenv("ADDITIONAL_OPT_OUT_LISTS", OURS_TOO)
    container.cache_clear()
    reconcile.put_by_hand(PERSON, "Club")
    reconcile.run()
    assert inbound.consent(list_name="Club") is not None


def test_how_far_a_run_is_comes_back_as_it_was(inbound: Inbound) -> None:
    """Every field, set or not."""
    now = inbound.world.parts.clock.now()
    bare = RunProgress(id="a", started_at=now, lists=("A", SHARED), found_after=now, behind_since=now)
    full = replace(
        bare,
        at_list=1,
        place="token",
        counts=Counts(pages=1, listed=2, consents=3, lookups=4, unjudged=5, not_listed=6, not_recorded=7),
        before_list=Counts(still_listed=8),
        begun_anew=1,
        unread=("A",),
        expected=9,
        sketch=BloomSnapshot("sketch", 2, now + timedelta(days=3)),
        worker="worker",
        lease_until=now + timedelta(minutes=10),
        finished_at=now,
        revision=2,
    )
    book = DynamoProgressStore(clients.dynamodb(), "ledger")
    assert book.newest() is None
    book.save(bare, None)
    assert book.newest() == bare
    book.save(full, bare)
    assert book.newest() == full
    assert decode(RunProgress, from_attributes(encode(full))) == full


def test_a_late_save_is_refused_and_a_repeated_one_is_not(inbound: Inbound) -> None:
    """Two workers cannot both go on; a client that repeats its write can."""
    now = inbound.world.parts.clock.now()
    run = RunProgress(id="a", started_at=now, lists=(LIST,), found_after=now, behind_since=now)
    book = DynamoProgressStore(clients.dynamodb(), "ledger")
    book.save(run, None)
    book.save(run, None)
    mine, theirs = (run.saved_by(worker, now) for worker in ("mine", "theirs"))
    book.save(theirs, run)
    with pytest.raises(Moved) as moved:
        book.save(mine, run)
    assert moved.value.current == theirs


def test_a_batch_that_dynamodb_answers_in_part_is_asked_for_again(inbound: Inbound, reconcile: Reconcile) -> None:
    """Whoever was left out is not unknown."""
    inbound.hear("STOP")
    batch_get, left_out = clients.dynamodb().batch_get_item, iter(range(2))

    class Reluctant:
        def batch_get_item(self, **asked: Any) -> Any:
            if next(left_out, None) is None:
                return batch_get(**asked)
            return {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    reluctant = DynamoConsentScan(Reluctant(), "ledger")  # type: ignore[arg-type]  # the one operation that is used
    assert set(reluctant.consents([PERSON, PERSON, "+14255550190"], LIST)) == {PERSON}


def test_what_was_met_is_kept_in_parts_and_expires(inbound: Inbound) -> None:
    """An item has 400 KB; a part that is gone makes the whole useless."""
    now = inbound.world.parts.clock.now()
    book = DynamoProgressStore(clients.dynamodb(), "ledger")
    packed = bytes(range(256)) * (PART // 256 * 2 + 1)
    sketch = book.save_snapshot("sketch", packed, now + timedelta(days=3))
    assert sketch.parts == 3
    assert book.read_snapshot(sketch) == packed
    assert book.read_snapshot(BloomSnapshot("another", 1, now)) is None
    items = clients.dynamodb().scan(TableName="ledger")["Items"]
    assert {item["expires"]["N"] for item in items} == {str(int((now + timedelta(days=3)).timestamp()))}


def test_keys_that_dynamodb_leaves_over_are_asked_for_after_a_wait_that_doubles(inbound: Inbound) -> None:
    """It leaves over what it throttles: asking again at once is refused again."""
    begun = inbound.world.parts.clock.now()
    clock, asked_at = FakeClock(begun), list[float]()

    class Throttling:
        def batch_get_item(self, **asked: Any) -> Any:
            asked_at.append((clock.now() - begun).total_seconds())
            return {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    throttled = DynamoConsentScan(Throttling(), "ledger", clock=clock)  # type: ignore[arg-type]  # the operation that is used
    with pytest.raises(Throttled):
        throttled.consents([PERSON], LIST)
    waits = [round(later - earlier, 3) for earlier, later in pairwise(asked_at)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4]


BROKEN = "+14255550170"


@pytest.mark.parametrize(
    ("operation", "failure"),
    [
        ("DescribeOptedOutNumbers", ZeroDivisionError(BROKEN)),
        ("DescribeOptedOutNumbers", refusal("InternalServerException", 500)),
        ("PutItem", refusal("ValidationException")),
        ("PutItem", KeyError(BROKEN)),
    ],
    ids=["a defect of ours", "the list fails for it", "its item is invalid", "a defect at its write"],
)
def test_a_number_that_fails_holds_up_no_other(
    inbound: Inbound, reconcile: Reconcile, capsys: pytest.CaptureFixture[str], operation: str, failure: Any
) -> None:
    """It is skipped and counted; the run goes on to its end."""
    numbers = [BROKEN, "+14255550171", "+14255550172"]
    for number in numbers:
        _missing(inbound, reconcile, number)
    capsys.readouterr()
    with refuses(operation, lambda asked: failure if BROKEN in str(asked) and "NextToken" not in asked else None):
        done = reconcile.run()
    assert (done["state"], done["found"][DriftKind.NOT_LISTED]) == ("FINISHED", 2)
    assert _metrics_of(capsys, "ItemsFailed") == 1
    inbound.world.sweep()
    assert {number in inbound.world.backend.opt_out_list(LIST) for number in numbers[1:]} == {True}


def _metrics_of(capsys: pytest.CaptureFixture[str], name: str) -> float:
    lines = [line for line in capsys.readouterr().out.splitlines() if '"service":"reconcile"' in line]
    return emitted("\n".join(lines)).get(name, 0)


def test_a_list_that_answers_for_no_number_ends_the_invocation(
    inbound: Inbound, reconcile: Reconcile, capsys: pytest.CaptureFixture[str]
) -> None:
    """An outage is no broken item. What was counted before is emitted, and the next invocation goes on."""
    numbers = [f"+142555501{at}" for at in range(70, 78)]
    for number in numbers:
        _missing(inbound, reconcile, number)
    capsys.readouterr()
    outage = refusal("InternalServerException", 500)
    with (
        refuses("DescribeOptedOutNumbers", lambda asked: outage if "OptedOutNumbers" in asked else None),
        pytest.raises(TryAgain),
    ):
        reconcile.run(3600)
    assert _metrics_of(capsys, "ItemsFailed") == 2
    inbound.world.pass_time(hours=1)
    assert reconcile.run()["state"] == "FINISHED"
