"""The output of a switch, for people while it runs and as one JSON object."""

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

__all__ = ["ConnectReport", "describe_step"]

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
    """Return what a step does."""
    source, target = plan.source, plan.target.name
    left = source.name if source is not None else "its old list"
    back = Step.SELF_MANAGED not in plan.steps
    two_way = f"two-way messaging on: texts go to {plan.goal.channel}"
    if plan.goal.two_way is False:
        two_way = "two-way messaging off"
    return {
        Step.TRIAL: "test texts (STOP, START) through topic, ledger and list",
        Step.REMEMBER: 'save the current settings for "sms-consent disconnect"',
        Step.HAND_BACK: "self-managed opt-outs off: from here on AWS honours STOP",
        Step.TWO_WAY: two_way + ("" if back else "; AWS still honours STOP"),
        Step.COPY: f"copy every opt-out on {left} to {target}",
        Step.LIST: f"use the list {target}",
        Step.CATCH_UP: f"copy what AWS added to {left} meanwhile to {target}",
        Step.SELF_MANAGED: "self-managed opt-outs on: from here on the stack honours STOP",
        Step.FORGET: "delete the saved settings",
    }[step]


@dataclass(slots=True)
class ConnectReport:
    """The report of a run. If ``silent``, nothing is printed before the end."""

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
        """Print the result of a check."""
        if not self.silent and not self.checks:
            self._out.print(Styled(f"{visible(self.identity)}: checks", style="bold"))
        self.checks.append(check)
        mark, style = _MARKS[check.verdict]
        self._line(mark, style, check.name, check.message)

    def counted(self, seen: int) -> None:
        """Show in a terminal how many numbers were read, at a hundred a second."""
        if not self.silent and self._bars.is_terminal:
            self._bars.print(f"  read {seen} numbers", end="\r", highlight=False)

    def notice(self, text: str) -> None:
        """Print a note for people."""
        if not self.silent:
            self._bars.print(f"note: {text}")

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Show a spinner during a step."""
        if self.silent or not self._bars.is_terminal:
            yield
            return
        with self._bars.status(Styled(f"{what} …")):
            yield

    def stepped(self, step: Step, what: str, state: str) -> None:
        """Print a completed step."""
        if not self.silent and not self.steps:
            self._out.print(Styled("\nIn this order:" if self.dry_run else "\nStep by step:", style="bold"))
        self.steps.append((step, what, state))
        self._line(*_STATES[state], step.lower().replace("_", "-"), what)

    def say(self, text: str, style: str = "") -> None:
        """Print a sentence for people."""
        if not self.silent:
            self._out.print(Styled(f"\n{text}", style=style))

    def view(self) -> dict[str, Any]:
        """Return the result for JSON."""
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
