"""Killed imports: every line is recorded once, every reject reported once, and the newest decision applies."""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import get_ident
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_clock import FakeClock
from support.intercepted import Killed
from support.memory_ledger import MemoryLedger
from support.moving import HEADER, Moving, files_of_at_most

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.errors import Unavailable
from sms_consent_cli.commands.import_.importer import FileImport, ImportState
from sms_consent_cli.commands.import_.journal import Journal, Progress
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.reject_file import RejectFile
from sms_consent_cli.commands.import_.row import ColumnSettings
from sms_consent_cli.shared.written_time import TimeFormat

NOW = datetime(2026, 11, 3, 14, tzinfo=UTC)
PEOPLE = [f"+1425555018{digit}" for digit in range(6)]


class Dying(Journal):
    """A journal whose process may be gone."""

    dead = False

    def write(self, progress: Progress) -> None:
        if not self.dead:
            super().write(progress)


class Fragile(MemoryLedger):
    """A ledger whose caller is killed at its n-th write, before or after it took effect."""

    def __init__(self) -> None:
        super().__init__()
        self.writes, self.kill_at, self.after = 0, 0, False
        self.error: type[BaseException] = Killed

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        self.writes += 1
        if self.writes == self.kill_at and not self.after:
            raise self.error
        written = super().save(consent, replacing)
        if self.writes == self.kill_at:
            raise self.error
        return written


class Attentive(MemoryLedger):
    """A ledger that records which thread wrote each number."""

    def __init__(self) -> None:
        super().__init__()
        self.writers: dict[str, set[int]] = {}

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        self.writers.setdefault(consent.number, set()).add(get_ident())
        return super().save(consent, replacing)


def _file(folder: str, lines: list[str]) -> NumberFile:
    path = Path(folder) / "opt-outs.csv"
    path.write_text("number,status,date\n" + "".join(lines))
    return NumberFile.at(path, {})


def _run(file: NumberFile, ledger: MemoryLedger, *, workers: int = 4) -> tuple[Counter[str], Dying]:
    journal = Dying(file.path.with_name("progress"), file.digest)
    progress = journal.read()
    rejects = RejectFile(file.path.with_suffix(".rejects.csv"), file, progress.rejects_bytes)
    settings = ColumnSettings(
        columns=file.columns, now=NOW, times=TimeFormat(), region=None, as_of=None, own_list="Default",
        list_name=lambda given: given, source=None, end_user=False,
    )  # fmt: skip
    file_import = FileImport(
        file, settings, ledger=ledger, clock=FakeClock(NOW), opt_ins=True, workers=workers,
        state=ImportState(journal, rejects, progress),
    )  # fmt: skip
    seconds = count()
    try:
        for _ in file_import.run(lambda: float(next(seconds))):
            pass
    except BaseException:
        journal.dead = True
        raise
    finally:
        rejects.close()
    return file_import.counts, journal


def _rejected(file: NumberFile) -> list[str]:
    path = file.path.with_suffix(".rejects.csv")
    if not path.exists():
        return []
    with path.open(newline="") as rejects:
        return [row["import_line"] for row in csv.DictReader(rejects)]


def _state(ledger: MemoryLedger) -> dict[Any, Any]:
    """What counts of each consent: the number of writes may differ."""
    return {key: (each.status, each.decided_at, each.decided_by, each.due) for key, each in ledger.consents.items()}


LINES = st.lists(
    st.one_of(
        st.builds(
            lambda person, status, day: f"{person},{status},2025-03-{day:02}T10:00:00Z\n",
            st.sampled_from(PEOPLE), st.sampled_from(["unsubscribed", "subscribed"]), st.integers(1, 5),
        ),
        st.sampled_from(["nobody,unsubscribed,2025-03-01\n", f'{PEOPLE[0]},"unsubscribed,2025-03-01\n', "x\n"]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=60)
@given(lines=LINES, kills=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=3))
def test_an_import_that_is_killed_ends_as_one_that_is_not(lines: list[str], kills: list[tuple[int, bool]]) -> None:
    """At any write, before or after it took effect, several times."""
    whole = MemoryLedger()
    with TemporaryDirectory() as folder:
        file = _file(folder, lines)
        counts, _ = _run(file, whole)
        expected = _rejected(file)
    ledger = Fragile()
    with TemporaryDirectory() as folder:
        file = _file(folder, lines)
        for kill_at, after in kills:
            ledger.writes, ledger.kill_at, ledger.after = 0, kill_at, after
            try:
                _run(file, ledger)
            except Killed:
                continue
            break
        ledger.kill_at = 0
        again, _ = _run(file, ledger)
        assert _rejected(file) == expected
    assert _state(ledger) == _state(whole)
    assert sum(again.values()) == sum(counts.values()) == len(lines)
    assert again["rejected"] == counts["rejected"]


@settings(max_examples=60)
@given(
    decisions=st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans(), st.integers(1, 4)), min_size=1, max_size=30),
    workers=st.integers(1, 8),
)
@pytest.mark.slow
def test_the_newest_decision_applies_in_any_order_of_lines(
    decisions: list[tuple[str, bool, int]], workers: int
) -> None:
    """At equal times opting out wins; many lines are written at once, those of a number one after the other."""
    lines = [
        f"{person},{'unsubscribed' if out else 'subscribed'},2025-03-0{day}T10:00:00Z\n"
        for person, out, day in decisions
    ]
    ledger = MemoryLedger()
    with TemporaryDirectory() as folder:
        _run(_file(folder, lines), ledger, workers=workers)
    for person in {each[0] for each in decisions}:
        newest = max((day, out) for each, out, day in decisions if each == person)
        assert (ledger.consents[person, "Default"].status is Status.OPTED_OUT) is newest[1]


def test_only_what_was_under_way_is_done_again() -> None:
    """An import of millions that is killed near its end does not begin anew."""
    lines = [f"+1{2010000000 + at},unsubscribed,2025-03-01\n" for at in range(400)]
    ledger = Fragile()
    with TemporaryDirectory() as folder:
        file = _file(folder, lines)
        ledger.kill_at = 350
        with pytest.raises(Killed):
            _run(file, ledger)
        ledger.writes, ledger.kill_at = 0, 0
        _run(file, ledger)
    assert ledger.writes < 150
    assert len(ledger.consents) == 400


def test_a_ledger_that_fails_stops_the_import_where_it_is(imports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to go on, and the same command does."""
    save, calls = type(imports.configured.world.parts.ledger).save, count()

    def failing(*arguments: Any, **more: Any) -> None:
        if next(calls) == 20:
            raise Unavailable("InternalServerError")
        save(*arguments, **more)

    numbers = [f"+1425555{at:04}" for at in range(300, 340)]
    file = imports.file(HEADER + "nobody,2025-03-01\n" + "".join(f"{number},2025-03-01\n" for number in numbers))
    with monkeypatch.context() as patch:
        patch.setattr(type(imports.configured.world.parts.ledger), "save", failing)
        stopped = imports.run(file, "--workers", "1")
    assert stopped.exit_code == 3
    assert "stopped after line 22;" in stopped.stderr
    assert "the same command continues from there" in stopped.stderr
    gone_on = imports.run(file, "--workers", "1")
    assert "continuing after line 22," in gone_on.stderr
    assert (gone_on.exit_code, imports.opted_out()) == (1, numbers)
    assert [each["import_line"] for each in imports.rejects()] == ["2"]
    assert not (imports.folder / "opt-outs.csv.progress").exists()


@pytest.mark.parametrize("change", ["file", "options", "from-start"])
def test_another_file_or_other_options_begin_anew(imports: Moving, change: str) -> None:
    """What was done for one file says nothing about another of the same name."""
    file = imports.file(f"{HEADER}{PEOPLE[0]},2025-03-01\n{PEOPLE[1]},2025-03-01\n")
    options = ["--list", "Club"] if change == "options" else ["--from-start"] if change == "from-start" else []
    done = imports.run(file)
    assert done.exit_code == 0
    identity = NumberFile.at(file, {}).digest
    Journal(imports.folder / "opt-outs.csv.progress", identity).write(Progress(line=2))
    if change == "file":
        imports.file(f"{HEADER}{PEOPLE[2]},2025-03-01\n{PEOPLE[1]},2025-03-01\n")
    result = imports.run(file, *options)
    assert "going on" not in result.stderr
    assert result.exit_code == 0


def test_an_invalid_progress_file_is_not_overwritten(imports: Moving) -> None:
    """It may be another file of the user."""
    imports.file("[]", "opt-outs.csv.progress")
    result = imports.run(imports.file(HEADER))
    assert (result.exit_code, "delete it to start again" in result.stderr) == (2, True)


def test_lines_of_one_number_are_never_written_at_once() -> None:
    """The ledger would take it, at the price of a write that is refused for each."""
    random = Random(4)
    lines = [
        f"{random.choice(PEOPLE)},unsubscribed,{(NOW - timedelta(minutes=at)).isoformat()}\n" for at in range(60, 0, -1)
    ]
    ledger = Attentive()
    with TemporaryDirectory() as folder:
        counts, _ = _run(_file(folder, lines), ledger, workers=8)
    assert {len(threads) for threads in ledger.writers.values()} == {1}
    assert (counts["optedOut"], counts["confirmed"]) == (6, 54)
    assert len(ledger.history) == 54


def test_progress_and_rejects_are_on_the_disk_before_their_lines_count_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power failure, neither is what the system had in its memory only."""
    safe: dict[int, str] = {}
    synced = os.fsync

    def fsync(descriptor: int) -> None:
        synced(descriptor)
        node = os.fstat(descriptor).st_ino
        named = [path for path in tmp_path.iterdir() if path.stat().st_ino == node]
        safe[node] = named[0].read_text() if named else "\n".join(path.name for path in tmp_path.iterdir())

    monkeypatch.setattr(os, "fsync", fsync)
    Journal(tmp_path / "alone", "").write(Progress())
    assert "alone" in safe[tmp_path.stat().st_ino]
    file = _file(str(tmp_path), [f"{PEOPLE[0]},unsubscribed,2025-03-01\n", "nobody,unsubscribed,2025-03-01\n"])
    _run(file, MemoryLedger())
    for name in ("progress", "opt-outs.rejects.csv"):
        assert safe[(tmp_path / name).stat().st_ino] == (tmp_path / name).read_text(), name
    assert {"progress", "opt-outs.rejects.csv"} <= set(safe[tmp_path.stat().st_ino].split("\n"))


@pytest.mark.parametrize(("size", "file"), [(100, "opt-outs.csv.progress"), (1500, "opt-outs.rejects.csv")])
def test_a_full_disk_stops_the_import_where_it_is(imports: Moving, size: int, file: str) -> None:
    """The message names the file, nothing half written is left of it, and the same command continues."""
    numbers = [f"+1425555{at:04}" for at in range(300, 340)]
    content = HEADER + "nobody,2025-03-01\n" * 100 + "".join(f"{number},2025-03-01\n" for number in numbers)
    path = imports.file(content)
    with files_of_at_most(size):
        stopped = imports.run(path, "--workers", "1")
    assert (stopped.exit_code, f"{file}: File too large" in stopped.stderr) == (2, True)
    assert not (imports.folder / "opt-outs.csv.progress.new").exists()
    assert imports.run(path, "--workers", "1").exit_code == 1
    assert imports.opted_out() == numbers
    assert [each["import_line"] for each in imports.rejects()] == [str(line) for line in range(2, 102)]
