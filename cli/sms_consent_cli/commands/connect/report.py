"""Decides how a switchover is told while it goes on, and at its end; for programs, as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from sms_consent_cli.commands.connect.plan import Step
from sms_consent_cli.commands.connect.switchover import SwitchoverPlan
from sms_consent_cli.commands.connect.verdict import Check, Verdict
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import isolated, visible

__all__ = ["Report", "describe_step"]

_MARKS = {
    Verdict.GOOD: ("ok", "green"),
    Verdict.NOTE: ("note", "yellow"),
    Verdict.UNSURE: ("unsure", "bold yellow"),
    Verdict.BAD: ("no", "bold red"),
}
_STATES = {
    "done": ("done", "green"),
    "planned": ("would", "dim"),
    "due": ("due", "yellow"),
    "failed": ("failed", "bold red"),
}


def describe_step(step: Step, plan: SwitchoverPlan) -> str:
    """What a step does, in this case."""
    source, target = plan.source, plan.target.name
    left = source.name if source is not None else "the list that it obeyed"
    back = Step.SELF_MANAGED not in plan.steps
    two_way = f"two-way messaging on: texts go to {plan.goal.channel}"
    if plan.goal.two_way is False:
        two_way = "two-way messaging off"
    return {
        Step.TRIAL: "a text of nobody's to the topic, through the ledger to the list and back",
        Step.REMEMBER: 'remember how it is set now, for "sms-consent disconnect"',
        Step.HAND_BACK: "self-managed opt-outs off: from here on AWS honours STOP",
        Step.TWO_WAY: two_way + ("" if back else "; AWS still honours STOP"),
        Step.COPY: f"every opt-out of {left} is on {target} too",
        Step.LIST: f"it obeys {target}",
        Step.CATCH_UP: f"what AWS put on {left} meanwhile is on {target} too",
        Step.SELF_MANAGED: "self-managed opt-outs on: from here on the stack honours STOP",
        Step.FORGET: "forget how it was set before",
    }[step]


@dataclass(slots=True)
class Report:
    """What is told. With ``silent``, nothing before the end."""

    identity: str
    silent: bool
    dry_run: bool
    checks: list[Check] = field(default_factory=list)
    steps: list[tuple[Step, str, str]] = field(default_factory=list)
    failure: str | None = None
    due: int = 0  # opt-outs that are recorded, and not on the list yet
    honoured_by: str | None = None
    connected: bool = False
    _out: Console = field(default_factory=console)
    _bars: Console = field(default_factory=lambda: console(stderr=True))

    def checked(self, check: Check) -> None:
        """One line."""
        if not self.silent and not self.checks:
            self._out.print(Styled(f"{visible(self.identity)}: checks", style="bold"))
        self.checks.append(check)
        mark, style = _MARKS[check.verdict]
        self._line(mark, style, check.name, check.message)

    def counted(self, seen: int) -> None:
        """In a terminal only: a list is read at a hundred numbers a second."""
        if not self.silent and self._bars.is_terminal:
            self._bars.print(f"  read {seen} numbers", end="\r", highlight=False)

    def notice(self, text: str) -> None:
        """One line, for people."""
        if not self.silent:
            self._bars.print(f"note: {text}")

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """While a step takes its time."""
        if self.silent or not self._bars.is_terminal:
            yield
            return
        with self._bars.status(Styled(f"{what} …")):
            yield

    def stepped(self, step: Step, what: str, state: str) -> None:
        """One line, as soon as it is done."""
        if not self.silent and not self.steps:
            self._out.print(Styled("\nIn this order:" if self.dry_run else "\nStep by step:", style="bold"))
        self.steps.append((step, what, state))
        self._line(*_STATES[state], step.lower().replace("_", "-"), what)

    def say(self, text: str, style: str = "") -> None:
        """A sentence for people."""
        if not self.silent:
            self._out.print(Styled(f"\n{text}", style=style))

    def view(self) -> dict[str, Any]:
        """For programs."""
        view = {
            "sender": self.identity,
            "dryRun": self.dry_run,
            "checks": [
                {"name": each.name, "verdict": each.verdict.value, "told": each.message} for each in self.checks
            ],
            "steps": [{"step": step.value, "state": state, "told": message} for step, message, state in self.steps],
            "failure": self.failure,
            "due": self.due or None,
            "honouredBy": self.honoured_by,
            "connected": self.connected,
        }
        return {name: value for name, value in view.items() if value is not None}

    def _line(self, mark: str, style: str, name: str, message: str) -> None:
        if self.silent:
            return
        line = Table.grid(padding=(0, 1, 0, 0))
        line.add_column(width=6)
        line.add_column(width=12)
        line.add_column(overflow="fold")
        line.add_row(Styled(mark, style=style), Styled(name, style="bold"), isolated(visible(message)))
        self._out.print(line)
