"""`sms-consent reconcile` with a stack, its lists and its ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.configured import ARN, Configured, configured
from support.world import LIST, PERSON

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.reconcile_progress import DynamoProgressStore
from sms_consent.reconciliation.reconciler import LEASE

UNKNOWN = "+14255550190"


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """One opt-out is missing on the list, and one number there is unknown."""
    with configured(monkeypatch, "reconcile") as made:
        made.deploy(AdditionalOptOutListArns=ARN + "Club")
        made.world.opt_out()
        made.world.pass_time(hours=1)
        made.world.aws.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
        made.world.aws.put_opted_out_number(OptOutListName="Club", OptedOutNumber=UNKNOWN)
        yield made


def test_it_says_what_differs_and_makes_it_due(deployment: Configured) -> None:
    """Exit code 1: something was wrong."""
    result = deployment.run()
    assert result.exit_code == 1
    assert "1  opted out, but not on the list" in " ".join(result.stdout.split()).replace("1 opted", "1  opted")
    assert "due to be put back" in result.stdout
    assert "on 2 lists (2 pages)" in " ".join(result.stdout.split())
    deployment.world.sweep()
    assert deployment.world.listed()


def test_when_all_agree_it_says_so(deployment: Configured) -> None:
    """Once it is mended, exit code 0; and it needs not wait for the next day."""
    deployment.run()
    deployment.world.sweep()
    result = deployment.run()
    assert result.exit_code == 0, result.output
    assert "No difference." in result.stdout


def test_a_dry_run_changes_nothing(deployment: Configured) -> None:
    """Not even how far a run is: the function's own goes on as if nobody had looked."""
    before = deployment.written()
    result = deployment.run("--dry-run")
    assert result.exit_code == 1
    assert "not changed" in result.stdout
    assert deployment.written() == before


def test_json_output(deployment: Configured) -> None:
    """One object, counts only."""
    result = deployment.run("--json")
    told = json.loads(result.stdout)
    assert told["found"] == {"NOT_LISTED": 1, "NOT_RECORDED": 1, "STILL_LISTED": 0}
    assert (told["lists"], told["unreadLists"], told["dryRun"]) == ([LIST, "Club"], [], False)
    assert (told["pages"], told["listed"], told["lookups"]) == (2, 1, 1)


def test_numbers_are_shown_on_request_only(deployment: Configured) -> None:
    """A terminal's scrollback is read by others too."""
    assert PERSON not in deployment.run("--dry-run").output
    lines = deployment.run("--dry-run", "--numbers", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines[:-1]] == [
        {"kind": "NOT_RECORDED", "number": UNKNOWN, "optOutList": "Club"},
        {"kind": "NOT_LISTED", "number": PERSON, "optOutList": LIST},
    ]
    assert f"NOT_LISTED  {PERSON}  {LIST}" in deployment.run("--numbers").stdout


def test_it_keeps_to_the_deployments_rate(deployment: Configured) -> None:
    """Two pages and a look-up at one a second."""
    deployment.run()
    assert sum(deployment.waited) == pytest.approx(2.0)


def test_while_the_function_is_at_it_the_command_says_so(deployment: Configured) -> None:
    """Two at once would use the quota up; exit code 3."""
    book = DynamoProgressStore(clients.dynamodb(), deployment.world.table)
    deployment.run()
    run = book.newest()
    assert run is not None
    now = deployment.world.parts.clock.now()
    book.save(run.successor("a", run.lists, now).saved_by("function", now + LEASE), run)
    result = deployment.run()
    assert result.exit_code == 3
    assert "another reconcile run is active, at least until 2026-11-03T15:10:02.000Z" in result.stderr
    deployment.world.pass_time(seconds=LEASE.total_seconds())
    assert deployment.run().exit_code in (0, 1)


def test_a_list_that_cannot_be_read_is_named(deployment: Configured) -> None:
    """Exit code 3: nobody knows about it."""
    deployment.world.aws.delete_opt_out_list(OptOutListName="Club")
    result = deployment.run()
    assert result.exit_code == 3
    assert "opt-out-list/Club cannot be read" in " ".join(result.stdout.split())


def test_without_a_stack_it_says_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table alone does not say which lists there are."""
    with configured(monkeypatch, "reconcile") as made:
        result = made.run("--table", made.world.table)
        assert result.exit_code == 3
        assert "give --stack" in result.stderr


def test_an_interrupted_run_is_gone_on_with(deployment: Configured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C gives the lease back: nobody needs to wait for it."""
    from sms_consent_cli.commands.reconcile.report import ReconcileProgressBar

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ReconcileProgressBar, "page_done", interrupt)
        assert deployment.run().exit_code == 130
    run = DynamoProgressStore(clients.dynamodb(), deployment.world.table).newest()
    assert run is not None
    assert (run.is_open, run.leased_at(deployment.world.parts.clock.now()), run.at_list) == (True, False, 1)
    told = json.loads(deployment.run("--json").stdout)
    assert (told["pages"], told["found"]["NOT_LISTED"]) == (2, 1)
    assert timedelta(0) < LEASE
