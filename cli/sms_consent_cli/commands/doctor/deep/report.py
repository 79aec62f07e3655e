"""The results of the checks, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sms_consent_cli.commands.doctor.deep.api_probe import Observation
from sms_consent_cli.commands.doctor.deep.finding import CheckStatus, Finding
from sms_consent_cli.shared.terminal_text import say, visible

__all__ = ["CheckResults"]

WIDTH = 15
"""Columns for the name of a check."""


@dataclass
class CheckResults:
    """All findings. Each is printed when known, unless ``silent``."""

    silent: bool
    findings: list[Finding] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    def add(self, check: str, found: Iterator[Finding]) -> None:
        """Keep and print the findings of a check."""
        for each in found:
            finding = replace(each, check=check)
            self.findings.append(finding)
            if not self.silent:
                _show(finding)

    @property
    def failed(self) -> bool:
        """Whether any check failed."""
        return any(each.status is CheckStatus.FAIL for each in self.findings)

    def view(self) -> dict[str, Any]:
        """Return the findings and observations for JSON."""
        return {
            "checks": [
                {"check": each.check, "status": each.status.value, "message": each.message, "fix": each.fix}
                for each in self.findings
            ],
            "learned": [{"question": each.question, "answer": each.answer} for each in self.observations],
        }

    def show(self) -> None:
        """Print the observations and a summary."""
        if self.observations:
            say("Responses of AWS. Please open an issue with these lines; they hold no number:")
            for each in self.observations:
                say(visible(f"    {each.question}: {each.answer}"))
        counts = Counter(each.status for each in self.findings)
        say(", ".join(f"{counts[status]} {status.value}" for status in reversed(CheckStatus)))


def _show(finding: Finding) -> None:
    say(visible(f"{finding.status.value:<8}{finding.check:<{WIDTH}} {finding.message}"))
    if finding.fix is not None:
        say(visible(f"{'':{8 + WIDTH}} {finding.fix}"))
