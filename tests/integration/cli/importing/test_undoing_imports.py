"""`imports undo`: what an import recorded is withdrawn, and nothing that people or others have asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import Result
from support.moving import HEADER, Moving
from support.world import LIST, PERSON

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.erasure import Erasure
from sms_consent.domain.consent import Due, Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.errors import Unavailable
from sms_consent.domain.withdrawal import WithdrawalEffect
from sms_consent.recording.withdrawer import Withdrawer

pytestmark = pytest.mark.slow

PEOPLE = [f"+1425555{at:04}" for at in range(300, 306)]
MARCH = "2025-03-01T10:00:00Z"


def _imports(imports: Moving, *arguments: str) -> Result:
    imports.configured.command = "imports"
    result = imports.configured.run(*arguments)
    imports.configured.command = "import"
    return result


def _records(imports: Moving) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _imports(imports, "list", "--json").stdout.splitlines()]


def _imported(imports: Moving, numbers: list[str], *options: str, at: str = MARCH) -> str:
    imports.configured.world.pass_time(seconds=1)
    imports.done(HEADER + "".join(f"{number},{at}\n" for number in numbers), *options)
    return str(_records(imports)[-1]["id"])


def _undone(imports: Moving, import_id: str, *options: str) -> dict[str, int]:
    result = _imports(imports, "undo", import_id, "--yes", "--json", *options)
    assert result.exit_code == 0, result.output
    view = json.loads(result.stdout)
    return {name: count for name, count in view.items() if count and name not in {"id", "numbers", "dryRun"}}


def _status(imports: Moving, number: str) -> Status:
    consent = imports.consent(number)
    assert consent is not None
    return consent.status


def test_a_whole_import_is_undone(imports: Moving) -> None:
    """Some numbers are on the list, some not yet; only the former are deleted, by sweep."""
    world = imports.configured.world
    first = _imported(imports, PEOPLE[:2])
    world.sweep()
    second = _imported(imports, PEOPLE[2:4])
    assert _undone(imports, first) == {"deletion": 2}
    assert _undone(imports, second) == {"notListed": 2}
    assert imports.listed() == set(PEOPLE[:2])
    assert not {"PutOptedOutNumber", "DeleteOptedOutNumber"} & set(
        world.calls()[world.calls().index("PutOptedOutNumber") + 2 :]
    )
    world.pass_time(minutes=1)
    world.sweep()
    assert imports.listed() == set()
    assert world.calls().count("DeleteOptedOutNumber") == 2
    assert {_status(imports, number) for number in PEOPLE[:4]} == {Status.OPTED_IN}


def test_who_had_texted_stop_stays_opted_out(imports: Moving) -> None:
    """Before the import or after it; and so does who was opted out by an agent before."""
    world = imports.configured.world
    before, after, agent, nobody = PEOPLE[:4]
    world.opt_out(datetime(2025, 1, 1, tzinfo=UTC), number=before)
    world.opt_out(datetime(2025, 1, 1, tzinfo=UTC), number=agent, author=Author.AGENT, through="cli", actor="alice")
    import_id = _imported(imports, [before, after, agent, nobody])
    world.opt_out(number=after)
    assert _undone(imports, import_id) == {"staysOptedOut": 2, "superseded": 1, "notListed": 1}
    assert imports.opted_out() == sorted([before, after, agent])
    world.pass_time(minutes=1)
    world.sweep()
    assert imports.listed() == {before, after, agent}


def test_an_agents_opt_out_counts_again_although_its_history_was_erased(imports: Moving) -> None:
    """Only the consent knows of it. The number stays on the list."""
    world = imports.configured.world
    world.opt_out(author=Author.AGENT, through="cli", actor="alice")
    asked_at = world.parts.clock.now()
    world.pass_time(minutes=1)
    Erasure(clients.dynamodb(), world.table, world.parts.clock).erase(PERSON)
    import_id = _imported(imports, [PERSON], at=world.parts.clock.now().isoformat())
    assert _undone(imports, import_id) == {"staysOptedOut": 1}
    world.pass_time(days=31)
    world.sweep()
    consent = world.consent()
    assert (world.listed(), consent.status, consent.since) == (True, Status.OPTED_OUT, asked_at)


@pytest.mark.parametrize("swept", [False, True])
def test_an_erased_opt_out_counts_again_when_an_imported_opt_in_is_undone(imports: Moving, swept: bool) -> None:
    """The number was on the list before, so somebody had opted it out; the history no longer says who."""
    world = imports.configured.world
    world.opt_out(author=Author.AGENT, through="cli", actor="alice")
    world.pass_time(minutes=1)
    Erasure(clients.dynamodb(), world.table, world.parts.clock).erase(PERSON)
    world.pass_time(minutes=1)
    opt_in = world.decision(Asked.OPT_IN, author=Author.IMPORT, through="import", import_id="one", list_name=LIST)
    world.parts.recorder.record(opt_in, LIST, sync_now=False)
    world.pass_time(minutes=1)
    if swept:
        world.sweep()
    undo = Withdrawer(ledger=world.parts.ledger, clock=world.parts.clock, scope=None, import_id="one", actor="alice")
    assert undo.withdraw(PERSON, LIST) is WithdrawalEffect.OPTED_OUT_AGAIN
    world.pass_time(minutes=1)
    world.sweep()
    assert (world.listed(), world.consent().status) == (True, Status.OPTED_OUT)


def test_within_30_days_of_a_deletion_the_opt_in_is_pending(imports: Moving) -> None:
    """The number had left the list shortly before the import."""
    world = imports.configured.world
    world.opt_out()
    world.pass_time(seconds=10)
    world.opt_in()
    world.pass_time(minutes=1)
    import_id = _imported(imports, [PERSON], at=world.parts.clock.now().isoformat())
    world.sweep()
    assert _undone(imports, import_id) == {"pending": 1}
    assert _status(imports, PERSON) is Status.OPT_IN_PENDING
    world.pass_time(days=31)
    world.sweep()
    assert imports.listed() == set()


def test_it_shows_first_what_it_would_do(imports: Moving) -> None:
    """And writes nothing without --yes where nobody can be asked."""
    import_id = _imported(imports, PEOPLE[:2])
    before = imports.configured.written()
    refused = _imports(imports, "undo", import_id)
    assert (refused.exit_code, "--dry-run" in refused.stderr) == (2, True)
    shown = _imports(imports, "undo", import_id, "--dry-run")
    assert "2  opted in; not on the opt-out list yet, so no deletion is needed" in shown.stdout
    assert imports.configured.written() == before
    assert _records(imports)[0]["status"] == "FINISHED"


def test_undoing_twice_equals_once(imports: Moving) -> None:
    """The second run finds everything withdrawn; the record keeps what the first one did."""
    import_id = _imported(imports, PEOPLE[:2])
    _undone(imports, import_id)
    before, (record,) = imports.configured.written(), _records(imports)
    assert (record["status"], record["undone"]) == ("UNDONE", {"notListed": 2})
    assert record["undoneBy"].startswith("arn:aws:sts::")
    imports.configured.world.pass_time(minutes=1)
    assert _undone(imports, import_id) == {"doneBefore": 2}
    assert imports.configured.written() == before
    assert _records(imports) == [record]


def test_an_interrupted_undo_is_completed_by_the_same_command(imports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that are done already are not done again."""
    import_id = _imported(imports, PEOPLE)
    withdraw, calls = Withdrawer.withdraw, iter(range(100))

    def failing(self: Withdrawer, number: str, list_name: str) -> Any:
        if next(calls) == 3:
            raise Unavailable("InternalServerError")
        return withdraw(self, number, list_name)

    with monkeypatch.context() as patch:
        patch.setattr(Withdrawer, "withdraw", failing)
        stopped = _imports(imports, "undo", import_id, "--yes", "--workers", "1")
    assert (stopped.exit_code, "the same command completes it" in stopped.stderr) == (3, True)
    assert _records(imports)[0]["status"] == "UNDOING"
    counts = _undone(imports, import_id)
    assert sum(counts.values()) == len(PEOPLE)
    assert imports.opted_out() == []
    assert (_records(imports)[0]["status"], _records(imports)[0]["undone"]) == ("UNDONE", {"notListed": len(PEOPLE)})


def test_the_corrected_file_counts_after_the_undo(imports: Moving) -> None:
    """With the same lines, at the same times; and it can be undone in turn."""
    first = _imported(imports, PEOPLE[:2])
    _undone(imports, first)
    second = _imported(imports, PEOPLE[:1])
    assert imports.opted_out() == PEOPLE[:1]
    imports.configured.world.sweep()
    assert imports.listed() == set(PEOPLE[:1])
    _imported(imports, PEOPLE[:1])
    assert _records(imports)[-1]["counts"] == {"lines": 2, "unchanged": 1}
    assert _undone(imports, second) == {"deletion": 1}
    assert imports.opted_out() == []


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("undone", [0, 1])
def test_a_line_that_another_file_has_too_stays(imports: Moving, swept: bool, undone: int) -> None:
    """A corrected file was imported before the wrong one was undone, or the other way around."""
    ids = [_imported(imports, PEOPLE[:3])]
    if swept:
        imports.configured.world.sweep()
    ids.append(_imported(imports, PEOPLE[1:4]))
    _undone(imports, ids[undone])
    assert imports.opted_out() == (PEOPLE[1:4] if undone == 0 else PEOPLE[:3])
    _undone(imports, ids[1 - undone])
    assert imports.opted_out() == []


def test_the_same_file_again_changes_nothing_also_beside_another_file(imports: Moving) -> None:
    """Each line of each file is one decision."""
    _imported(imports, PEOPLE[:2])
    _imported(imports, PEOPLE[1:3])
    assert _records(imports)[-1]["counts"] == {"lines": 3, "confirmed": 1, "optedOut": 1}
    _imported(imports, PEOPLE[1:3])
    assert _records(imports)[-1]["counts"] == {"lines": 3, "unchanged": 2}


def test_an_import_that_was_undone_is_not_continued(imports: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process may have been interrupted before."""
    ledger, saves = type(imports.configured.world.parts.ledger), iter(range(100))
    save = ledger.save

    def failing(*arguments: Any, **more: Any) -> None:
        if next(saves) == 1:
            raise Unavailable("InternalServerError")
        save(*arguments, **more)

    file = imports.file(HEADER + "".join(f"{number},{MARCH}\n" for number in PEOPLE))
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "save", failing)
        assert imports.run(file, "--workers", "1").exit_code == 3
    (record,) = _records(imports)
    running = _imports(imports, "undo", record["id"], "--yes")
    assert (running.exit_code, "may still be running" in running.stderr) == (2, True)
    imports.configured.world.pass_time(minutes=6)
    assert set(_undone(imports, record["id"])) == {"notListed"}
    assert imports.opted_out() == []
    resumed = imports.run(file)
    assert (resumed.exit_code, "--from-start begins a new one" in resumed.stderr) == (2, True)
    assert imports.run(file, "--from-start").exit_code == 0
    assert imports.opted_out() == PEOPLE


def test_history_and_check_show_the_undo(imports: Moving) -> None:
    """Who undid which import, and that no request is left."""
    import_id = _imported(imports, [PERSON])
    imports.configured.world.sweep()
    imports.configured.world.pass_time(minutes=1)
    _undone(imports, import_id)
    imports.configured.world.pass_time(minutes=1)
    imports.configured.world.sweep()
    shown = {}
    for command in ("history", "check"):
        imports.configured.command = command
        shown[command] = imports.configured.run(PERSON, COLUMNS="400").stdout
    lines = [line.strip() for line in shown["history"].splitlines()]
    assert any(f"import {import_id} of opt-outs.csv undone by arn:aws:sts" in line for line in lines)
    assert "no request is left, so no longer opted out, off the list since 3 Nov 2026" in shown["history"]
    assert "2000" not in shown["history"] + shown["check"]
    assert "an import was undone, and no other request is known" in shown["check"]


def test_an_unknown_import_is_reported(imports: Moving) -> None:
    """With the command that shows the ids."""
    result = _imports(imports, "undo", "20000101T000000-00000000", "--yes")
    assert (result.exit_code, "`sms-consent imports list`" in result.stderr) == (1, True)


def test_an_undone_number_that_is_on_the_list_anyway_counts_as_opted_out(imports: Moving) -> None:
    """Somebody else had put it there: the undo makes no call, and reconcile records it."""
    world = imports.configured.world
    import_id = _imported(imports, [PERSON])
    world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    assert _undone(imports, import_id) == {"notListed": 1}
    consent = imports.consent(PERSON)
    assert consent is not None
    assert (consent.due, consent.settled) == (None, True)
    from sms_consent.domain.consent import DriftKind, Listing
    from sms_consent.reconciliation.drift_rules import drift_if_listed

    found = drift_if_listed(
        consent, Listing(at=world.parts.clock.now(), end_user_opted_out=False), world.parts.clock.now()
    )
    assert found is DriftKind.NOT_RECORDED


def test_due_work_of_a_person_does_not_wait_behind_imports_after_the_undo(imports: Moving) -> None:
    """The person's STOP had come before the import made it due with the others."""
    world = imports.configured.world
    world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    world.opt_out(datetime(2025, 1, 1, tzinfo=UTC))
    import_id = _imported(imports, [PERSON])
    _undone(imports, import_id)
    consent = imports.consent(PERSON)
    assert consent is not None
    assert consent.due is Due.OPT_OUT
    assert [item for item in clients.dynamodb().scan(TableName=world.table)["Items"] if item["pk"]["S"] == PERSON]


def test_the_evidence_chain_stays_intact_and_claims_nothing_about_the_list(imports: Moving) -> None:
    """One number is not on the list, one is deleted from it later, and one stays by its own STOP."""
    world = imports.configured.world
    on_list, not_yet, own = PEOPLE[:3]
    world.opt_out(number=own)
    first = _imported(imports, [on_list, own])
    world.sweep()
    second = _imported(imports, [not_yet])
    for import_id in (first, second):
        _undone(imports, import_id)
    world.pass_time(minutes=1)
    world.sweep()
    imports.configured.command = "verify"
    verified = imports.configured.run("--all")
    assert verified.exit_code == 0, verified.output
    kinds = {
        number: [item["kind"]["S"] for item in imports.configured.written() if _is_fact(item, number)]
        for number in (on_list, not_yet, own)
    }
    assert kinds[not_yet] == []
    assert kinds[on_list] == ["LISTED", "REMOVED"]
    assert "REMOVED" not in kinds[own]


def _is_fact(item: dict[str, Any], number: str) -> bool:
    return item["pk"]["S"] == number and item["sk"]["S"].startswith("FACT#")
