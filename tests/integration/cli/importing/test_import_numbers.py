"""A valid file becomes decisions with their times, and due work for sweep."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from support.moving import HEADER, Moving
from support.world import LIST, PERSON, START_OF_TEST

from sms_consent.adapters.clock import SystemClock
from sms_consent.bootstrap.container import Container
from sms_consent.domain.consent import Due, Status
from sms_consent.domain.decision import Asked

OTHER = "+14255550183"
LINE = f"{PERSON},2025-03-01T10:00:00Z\n"


def test_an_opt_out_holds_from_the_import_on(imports: Moving) -> None:
    """With the time that the file gives, as an import; the ledger answers before any call to the list."""
    result = imports.done(HEADER + LINE)
    consent = imports.consent(PERSON)
    assert consent is not None
    assert (consent.status, consent.decided_at) == (Status.OPTED_OUT, datetime(2025, 3, 1, 10, tzinfo=UTC))
    assert (consent.due, consent.settled, consent.end_user_opted_out) == (Due.IMPORTED, False, False)
    assert "PutOptedOutNumber" not in imports.configured.world.calls()
    assert result.stdout.startswith("1 opted out\nThe opt-outs count from now on.")


def test_sweep_takes_it_to_the_list_and_to_the_history(imports: Moving) -> None:
    """The evidence names the file, the line and the source."""
    imports.done("number,opted_out_at,source,reason\n" + LINE.strip() + ",Twilio,replied NO MORE\n")
    imports.configured.world.sweep()
    assert imports.listed() == {PERSON}
    (decision,) = imports.configured.world.history()
    kept = {name: value["S"] for name, value in decision.items() if "S" in value}
    assert (kept["author"], kept["through"], kept["actor"]) == ("IMPORT", "import", "Twilio")
    assert (kept["reference"], kept["body"]) == ("opt-outs.csv:2", "replied NO MORE")


def test_an_import_sends_no_text(imports: Moving) -> None:
    """These people were answered elsewhere, years ago."""
    imports.done(HEADER + LINE, "--end-user")
    imports.configured.world.sweep()
    assert imports.configured.world.texts() == []


def test_a_newer_decision_applies(imports: Moving) -> None:
    """Who has texted START since stays opted in; that the import came is on record."""
    world = imports.configured.world
    world.opt_in()
    result = imports.done(HEADER + LINE)
    consent = imports.consent(PERSON)
    assert consent is not None
    assert consent.status is Status.OPTED_IN
    assert "1 superseded by a newer decision" in result.stdout
    assert {item["outcome"]["S"] for item in world.history()} == {"CHANGED", "STALE"}


def test_an_older_decision_is_superseded(imports: Moving) -> None:
    """The file knows of an opt-out that came after it."""
    imports.configured.world.opt_in(datetime(2024, 1, 1, tzinfo=UTC))
    imports.done(HEADER + LINE)
    assert imports.opted_out() == [PERSON]


def test_importing_again_changes_nothing(imports: Moving) -> None:
    """The same decision has the same id, in whichever line of the file it comes."""
    imports.done(HEADER + LINE + LINE)
    before = imports.configured.written()
    result = imports.done(HEADER + LINE + LINE)
    assert imports.configured.written() == before
    assert result.stdout == "0 opted out, 2 already recorded\n"


def test_a_later_import_can_add_that_people_asked_themselves(imports: Moving) -> None:
    """Another import of the same opt-out, that knows more of it."""
    imports.done(HEADER + LINE)
    imports.done(HEADER + LINE, "--end-user")
    consent = imports.consent(PERSON)
    assert consent is not None
    assert consent.end_user_opted_out is True


def test_a_column_says_who_had_asked(imports: Moving) -> None:
    """It goes before the option, line by line."""
    imports.done(
        f"number,opted_out_at,EndUserOptedOut\n{PERSON},2025-03-01,false\n{OTHER},2025-03-01,TRUE\n", "--end-user"
    )
    asked = {number: getattr(imports.consent(number), "end_user_opted_out", None) for number in (PERSON, OTHER)}
    assert asked == {PERSON: False, OTHER: True}


def test_without_any_time_the_export_must_be_dated(imports: Moving) -> None:
    """Now would overrule whoever has opted in since; long ago would lose against whoever had opted in before."""
    file = imports.file(f"number\n{PERSON}\n")
    refused = imports.run(file)
    assert (refused.exit_code, imports.configured.written()) == (2, [])
    assert "--as-of" in refused.stderr
    assert imports.run(file, "--as-of", "2025-06-01").exit_code == 0
    consent = imports.consent(PERSON)
    assert consent is not None
    assert consent.decided_at == datetime(2025, 6, 2, 11, 59, 59, 999_000, tzinfo=UTC)


def test_an_export_is_not_dated_in_the_future(imports: Moving) -> None:
    """It would overrule what people text until then."""
    result = imports.run(imports.file(f"number\n{PERSON}\n"), "--as-of", "2027-01-01T00:00:00Z")
    assert (result.exit_code, "in the future" in result.stderr) == (2, True)


def test_opt_ins_are_passed_over_unless_they_are_wanted(imports: Moving) -> None:
    """A list of subscribers is no list of people who asked to be opted in again."""
    content = f"phone,status,date\n{PERSON},subscribed,2025-03-01\n{OTHER},never subscribed,\n"
    assert "2 not opted out, skipped" in imports.done(content).stdout
    assert imports.configured.written() == []
    assert "1 opted in" in imports.done(content, "--opt-ins").stdout
    consent = imports.consent(PERSON)
    assert consent is not None
    assert (consent.status, consent.due) == (Status.OPTED_IN, Due.OPT_IN)


def test_an_opt_in_needs_a_time_in_the_file(imports: Moving) -> None:
    """Dated by the export, it would undo a STOP that the other provider never heard of."""
    result = imports.run(
        imports.file(f"phone,status,date\n{PERSON},subscribed,\n"), "--opt-ins", "--as-of", "2025-06-01"
    )
    assert (result.exit_code, imports.configured.written()) == (1, [])
    assert "an opt-in without its own time" in result.stderr


def test_the_list_is_chosen_for_all_or_line_by_line(imports: Moving) -> None:
    """As AWS knows it; and known to scopes from then on."""
    imports.done(f"number,opted_out_at,list\n{PERSON},2025-03-01,Club\n{OTHER},2025-03-01,\n", "--list", "Marketing")
    assert imports.consent(PERSON, "Club") is not None
    assert imports.consent(OTHER, "Marketing") is not None
    (known,) = [item for item in imports.configured.written() if item["pk"]["S"] == "LISTS"]
    assert all(name in json.dumps(known) for name in ("Club", "Marketing"))


def test_an_unknown_list_takes_no_other_line_with_it(imports: Moving) -> None:
    """It would be due for ever."""
    result = imports.run(imports.file(f"number,opted_out_at,list\n{PERSON},2025-03-01,Clbu\n{OTHER},2025-03-01,Club\n"))
    assert (result.exit_code, imports.opted_out()) == (1, [OTHER])
    assert "line 2: there is no list Clbu in this account and region" in result.stderr


def test_a_dry_run_writes_only_the_rejected_lines(imports: Moving) -> None:
    """They can be corrected before the import."""
    file = imports.file(HEADER + LINE + "nobody,2025-03-01\n")
    result = imports.run(file, "--dry-run", "--list", "Club")
    assert result.exit_code == 1
    assert result.stdout.startswith("1 would be opted out, 1 rejected: see ")
    assert imports.configured.written() == []
    assert sorted(path.name for path in imports.folder.iterdir()) == ["opt-outs.csv", "opt-outs.rejects.csv"]
    assert [each["import_line"] for each in imports.rejects()] == ["3"]


def test_json_output_has_every_count(imports: Moving) -> None:
    """Every count."""
    summary = json.loads(imports.done(HEADER + LINE, "--json").stdout)
    assert {name: summary[name] for name in ("lines", "optedOut", "rejected", "rejectsFile")} == {
        "lines": 2, "optedOut": 1, "rejected": 0, "rejectsFile": None,
    }  # fmt: skip


def test_waiting_ends_when_the_list_is_up_to_date(imports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweep runs elsewhere while the command waits."""
    waited = imports.configured.waited

    def sleep(_: SystemClock, seconds: float) -> None:
        waited.append(seconds)
        imports.configured.world.pass_time(seconds=seconds)
        imports.configured.world.sweep()

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    imports.done(HEADER + LINE + LINE.replace(PERSON, OTHER), "--wait")
    assert imports.listed() == {PERSON, OTHER}
    assert waited == [10.0]


@pytest.mark.slow
def test_what_people_text_waits_behind_no_import(imports: Moving) -> None:
    """A STOP that was throttled during an import goes to the list before all of it."""
    numbers = [f"+1425555{at:04}" for at in range(300, 360)]
    imports.done(HEADER + "".join(f"{number},2025-03-01\n" for number in numbers))
    world = imports.configured.world
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out()
    world.pass_time(minutes=1)
    Container(world.parts.settings, paced=True).sweep.run(world.parts.clock.now() + timedelta(seconds=13))
    # Ten seconds are a sweep's margin, and one its rest.
    settled = [imports.consent(number).settled for number in (PERSON, *numbers)]  # type: ignore[union-attr]  # all there
    assert settled[0]
    assert 10 < sum(settled) < 50


def test_who_texts_stop_after_an_import_is_put_on_the_list_at_once(imports: Moving) -> None:
    """And waits with those who text, if that fails."""
    imports.done(HEADER + LINE + LINE.replace(PERSON, OTHER))
    world = imports.configured.world
    world.pass_time(minutes=1)
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out()
    consent = imports.consent(PERSON)
    assert consent is not None
    assert (consent.due, consent.end_user_opted_out) == (Due.OPT_OUT, True)
    world.pass_time(minutes=1)
    world.opt_out(number=OTHER)
    assert imports.listed() == {OTHER}


def test_an_import_that_is_throttled_stays_one(imports: Moving) -> None:
    """However often."""
    imports.done(HEADER + LINE)
    world = imports.configured.world
    for _ in range(3):
        world.pass_time(minutes=2)
        world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
        world.sweep()
    consent = imports.consent(PERSON)
    assert consent is not None
    assert (consent.due, consent.settled, consent.attempts > 0) == (Due.IMPORTED, False, True)


def test_an_opt_out_is_no_opt_in_of_the_same_moment(imports: Moving) -> None:
    """At equal times opting out wins, whatever the order of the lines."""
    lines = [f"{PERSON},subscribed,2025-03-01T10:00:00Z\n", f"{PERSON},unsubscribed,2025-03-01T10:00:00Z\n"]
    for order in (lines, lines[::-1]):
        imports.done("number,status,date\n" + "".join(order), "--opt-ins")
        assert imports.opted_out() == [PERSON]


def test_the_30_days_of_a_number_outlive_an_import(imports: Moving) -> None:
    """An opt-in after an opt-out that was imported is still no more than one deletion."""
    world = imports.configured.world
    world.opt_out()
    world.pass_time(minutes=1)
    world.opt_in()
    deleted = imports.consent(PERSON)
    world.pass_time(days=1)
    imports.done(f"number,opted_out_at\n{PERSON},{(START_OF_TEST + timedelta(hours=1)).isoformat()}\n")
    world.sweep()
    consent = imports.consent(PERSON)
    assert deleted is not None
    assert consent is not None
    assert (consent.status, consent.deleted_at) == (Status.OPTED_OUT, deleted.deleted_at)
    assert world.decision(Asked.OPT_IN).number == PERSON
    assert imports.consent(PERSON, LIST) == consent
