"""An ambiguous time counts such that no import undoes a STOP that may be newer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.moving import HEADER, Moving
from support.world import PERSON, START_OF_TEST

from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked
from sms_consent_cli.commands.import_.journal import Journal
from sms_consent_cli.shared.written_time import TimeFormat

OPT_IN, OPT_OUT = Asked.OPT_IN, Asked.OPT_OUT
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


DAY_OF_THE_STOP: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("2026-11-03", ()),
    ("2026-11-03", ("--timezone", "America/New_York")),
    ("20261103", ()),
    ("3 Nov 2026", ()),
    ("2026-11-03T23:00", ()),
    ("2026-11-03 20:00:00", ()),
    ("2026-11-03T14Z", ()),
    ("2026-11-03T14:00Z", ()),
    ("2026-11", ("--time-format", "%Y-%m")),
    ("11/03/2026", ("--time-format", "%m/%d/%Y")),
    ("11/03/2026 02:30", ("--time-format", "%m/%d/%Y %I:%M")),
)


@pytest.mark.slow
def test_an_imported_opt_in_of_the_day_does_not_undo_that_days_stop(imports: Moving) -> None:
    """The STOP came at two in the afternoon; the opt-in may have been made before it, and is imported days later."""
    world = imports.configured.world
    world.opt_out()
    world.pass_time(days=3)
    for written, options in DAY_OF_THE_STOP:
        imports.done(f"phone,status,date\n{PERSON},subscribed,{written}\n", "--opt-ins", *options)
        world.pass_time(minutes=1)
        world.sweep()
        assert (world.consent().status, world.listed()) == (Status.OPTED_OUT, True), written


@pytest.mark.parametrize("written", ["2026-11-03", "2026-11-03T13:00", "2026-11-03T02:30:00", "2026-11-03T14:00Z"])
def test_an_imported_opt_out_of_the_day_undoes_that_days_opt_in(imports: Moving, written: str) -> None:
    """It may have been made after it."""
    world = imports.configured.world
    world.opt_in(START_OF_TEST + timedelta(seconds=30))
    world.pass_time(days=3)
    imports.done(f"{HEADER}{PERSON},{written}\n")
    assert world.consent().status is Status.OPTED_OUT


@pytest.mark.parametrize("written", ["2026-11-03", "2026-11-04", "2026-11-03T20:00:00Z", "2026-11-04T01:00"])
def test_an_opt_out_is_never_later_than_its_import(imports: Moving, written: str) -> None:
    """Somebody who texts START afterwards is opted in, whatever the clock of the export said."""
    world = imports.configured.world
    imports.done(f"{HEADER}{PERSON},{written}\n")
    assert world.consent().decided_at == START_OF_TEST
    world.pass_time(seconds=1)
    world.opt_in()
    assert world.consent().status is not Status.OPTED_OUT


@pytest.mark.parametrize(
    ("status", "written"), [("subscribed", "2026-11-03T14:00:01Z"), ("subscribed", "2026-11-05"), ("out", "2026-11-06")]
)
def test_an_opt_in_of_the_future_is_given_back_and_so_is_an_opt_out_of_another_day(
    imports: Moving, status: str, written: str
) -> None:
    """The one would undo a STOP that is yet to come; the other is no time of an opt-out."""
    result = imports.run(imports.file(f"phone,status,date\n{PERSON},{status},{written}\n"), "--opt-ins")
    assert (result.exit_code, imports.configured.written()) == (1, [])
    assert "its time is in the future" in result.stderr


def test_an_import_that_goes_on_has_the_time_at_which_it_began(
    imports: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an opt-out of today, done again after the kill, would be another decision."""
    file = imports.file(f"{HEADER}{PERSON},2026-11-03\n")
    world = imports.configured.world
    forget = Journal.forget
    monkeypatch.setattr(Journal, "forget", lambda _: None)
    imports.run(file)
    progress = imports.folder / "opt-outs.csv.progress"
    progress.write_text(progress.read_text().replace('"line": 2', '"line": 0'))
    monkeypatch.setattr(Journal, "forget", forget)
    world.pass_time(hours=2)
    assert "1 already recorded" in imports.run(file).stdout
    assert world.consent().decided_at == START_OF_TEST
    assert not progress.exists()


@given(
    day=st.dates(datetime(2001, 1, 1).date(), datetime(2026, 11, 28).date()),  # noqa: DTZ001  a day
    clock=st.one_of(st.none(), st.times()),
    zone=st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"]),
)
@example(day=datetime(2025, 11, 2).date(), clock=datetime(2025, 1, 1, 1, 30).time(), zone="America/New_York")  # noqa: DTZ001
@example(day=datetime(2025, 3, 9).date(), clock=None, zone="America/New_York")  # noqa: DTZ001
def test_wherever_it_was_written_an_opt_in_is_no_later_and_an_opt_out_no_earlier(
    day: object, clock: object, zone: str
) -> None:
    """Of every moment that the writer may have meant; with the zone known, the span is no wider than it must be."""
    hour = clock or datetime(2000, 1, 1).time()  # noqa: DTZ001  midnight
    meant = datetime.combine(day, hour, ZoneInfo(zone))  # type: ignore[arg-type]  # a date and a time
    text = str(day) if clock is None else f"{day}T{hour}"
    whole_day = timedelta(hours=23, minutes=59) if clock is None else timedelta()
    for fold in (0, 1):
        moment = meant.replace(fold=fold, microsecond=meant.microsecond // 1000 * 1000).astimezone(UTC)
        for known in (None, ZoneInfo(zone)):
            span = TimeFormat(known).read(text)
            assert span.moment(OPT_IN, NOW) <= moment
            assert span.moment(OPT_OUT, NOW) >= moment + min(whole_day, timedelta(hours=22, minutes=59))
            assert known is None or span.latest - span.earliest <= timedelta(hours=26)


@pytest.mark.parametrize(
    ("written", "form", "earliest", "latest"),
    [
        ("2025-03-01T10:00:00Z", None, "03-01T10:00:00.000", "03-01T10:00:00.000"),
        ("1740823200", None, "03-01T10:00:00.000", "03-01T10:00:00.000"),
        ("2025-03-01 10:00:00 UTC", None, "03-01T10:00:00.000", "03-01T10:00:00.000"),
        ("2025-03-01T10:05+02:00", None, "03-01T08:05:00.000", "03-01T08:05:59.999"),
        ("2025-03-01Z", None, "03-01T00:00:00.000", "03-01T23:59:59.999"),
        ("Sat, 01 Mar 2025 10:00:00 -0000", None, "03-01T10:00:00.000", "03-01T10:00:00.000"),
        ("1 Mar 2025 10:05 EST", None, "03-01T15:05:00.000", "03-01T15:05:59.999"),
        ("2025-03-01 10:00:00 UTC", "%Y-%m-%d %H:%M:%S %Z", "03-01T10:00:00.000", "03-01T10:00:00.000"),
        ("2025-060", "%Y-%j", "02-28T10:00:00.000", "03-02T11:59:59.999"),
    ],
)
def test_a_time_leaves_open_what_it_does_not_say(written: str, form: str | None, earliest: str, latest: str) -> None:
    """Its zone, its minute, its second; what it says holds."""
    span = TimeFormat(form=form).read(written)
    shown = [f"{moment:%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}" for moment in (span.earliest, span.latest)]
    assert shown == [earliest, latest]


@pytest.mark.parametrize(
    "written",
    ["03/04/2025", "3.4.2025", "2025-W10", "2025-03-01 10:00 CET", "Mar 1, 2025 10:00 PM", "1 Mar 25", "45717"],
)
def test_a_form_that_may_mean_two_days_is_not_read(written: str) -> None:
    """Nor one whose zone has a name that is not known: --time-format says what is meant."""
    with pytest.raises(ValueError, match="--time-format"):
        TimeFormat().read(written)
