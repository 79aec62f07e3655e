"""AWS's time from `Date` headers in whole seconds: the earliest and the latest possible time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from sms_consent.domain.decision import Asked
from sms_consent_cli.shared import aws_clock
from sms_consent_cli.shared.aws_clock import AwsClock, AwsTimeUnknown

CLI = Path(__file__).parents[4] / "cli" / "sms_consent_cli"
START = datetime(2026, 11, 3, 14, 2, 11, 400_000, tzinfo=UTC)


class Machine:
    """AWS, some way from a machine with a counter."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.asked = 0
        self.way = 0.0  # seconds, there and back each

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def counter(self) -> float:
        return 5000 + self.passed

    def ask(self) -> dict[str, Any]:
        self.asked += 1
        self.passed += self.way
        date = format_datetime(self.now().replace(microsecond=0), usegmt=True)
        self.passed += self.way
        return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """One whose counter is AWS's."""
    made = Machine()
    monkeypatch.setattr(aws_clock, "_counter", made.counter)
    return made  # type: ignore[return-value]


def clock_of(machine: Machine) -> AwsClock:
    return AwsClock(machine.ask, lambda _: None)


@pytest.mark.parametrize("way", [0, 0.03, 0.7, 4])
@pytest.mark.parametrize("later", [0, 0.2, 1.7, 9, 11, 86_400])
def test_the_time_lies_between_both_bounds(machine: Machine, way: float, later: float) -> None:
    """However long a request is on its way, and however long ago it was."""
    machine.way = way
    clock = clock_of(machine)
    clock.now()
    machine.passed += later
    earliest = clock.now()
    assert earliest <= machine.now() <= clock.latest() + timedelta(milliseconds=1)
    assert clock.latest() - earliest <= timedelta(seconds=1 + 2 * way)


def test_it_is_asked_for_again_after_ten_seconds(machine: Machine) -> None:
    """Not at every look."""
    clock = clock_of(machine)
    for _ in range(30):
        clock.now()
        machine.passed += 1
    assert machine.asked == 3


def test_it_never_goes_back(machine: Machine) -> None:
    """A later response may only be known to be of the same second."""
    clock = clock_of(machine)
    seen = []
    for _ in range(60):
        seen.append(clock.now())
        machine.passed += 0.7
    assert seen == sorted(seen)


def test_decisions_are_stamped_on_the_safe_side(machine: Machine) -> None:
    """An opt-in from the start of the second, an opt-out to its end."""
    clock = clock_of(machine)
    second = START.replace(microsecond=0)
    assert clock.decision_clock(Asked.OPT_IN).now() == second
    assert clock.decision_clock(Asked.OPT_OUT).now() == second + timedelta(milliseconds=999)


def test_a_response_without_a_date_is_no_time() -> None:
    """It raises what commands end with."""
    with pytest.raises(AwsTimeUnknown):
        AwsClock(lambda: {"ResponseMetadata": {"HTTPHeaders": {}}}, lambda _: None).now()


def test_no_command_reads_the_machines_clock() -> None:
    """Where it is read, it is compared with AWS's. The local stack is AWS itself."""
    clocks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "SystemClock"}
    found = set()
    for path in CLI.rglob("*.py"):
        if path.relative_to(CLI).parts[0] != "local":
            called = {
                ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
            }
            found |= {(path.name, name) for name in called & clocks}
    assert found == {("aws_clock.py", "datetime.now")}
