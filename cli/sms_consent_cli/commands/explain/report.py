"""The output of `explain`: the text with the matched words marked, and the reason for its intent."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text as Styled

from sms_consent.intent import Explanation, Intent, Tier
from sms_consent_cli.shared.rule_sources import source_of
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import isolated, printable, visible

__all__ = ["show"]

AROUND = 100
"""Characters shown on either side of the matched words."""
STYLES = {
    Intent.OPT_OUT: "bold red",
    Intent.OPT_IN: "bold green",
    Intent.HELP: "bold cyan",
    Intent.UNCLEAR: "bold yellow",
}


def show(explanation: Explanation, tiers: Mapping[Tier, str], then: str) -> None:
    """Print one block; empty rows are left out. ``then`` is what happens to the sender."""
    reading = explanation.classification
    source = source_of(reading.rule)
    rows = {
        "text": _marked(explanation),
        "intent": Styled(reading.intent, style=STYLES.get(reading.intent, "bold")),
        "matched": Styled(printable(reading.matched)) if reading.matched else None,
        "tier": Styled(f"{reading.tier}: {tiers[reading.tier]}") if reading.tier is not None else None,
        "rule": Styled(reading.rule),
        "source": Styled(source) if source else None,
        "language": Styled(reading.language) if reading.language else None,
        "normalised": _normalised(explanation),
        "the sender": Styled(then),
    }
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(style="dim", no_wrap=True)
    block.add_column(overflow="fold")
    for name, value in rows.items():
        if value is not None:
            block.add_row(name, value)
    out = console()
    out.print(block)
    out.print()


def _normalised(explanation: Explanation) -> Styled:
    """Return the normalised text with the matched words in angle brackets, which are readable without colour."""
    text, shown, place = explanation.normalised, "", 0
    for first, last in explanation.normalised_spans:
        shown += f"{text[place:first]}‹{text[first:last]}›"
        place = last
    return Styled(printable(shown + text[place:]))


def _marked(explanation: Explanation) -> Styled:
    """Return the part of the text around the matched words, with these marked."""
    text, spans = explanation.text, explanation.spans
    start = max(0, min((first for first, _ in spans), default=0) - AROUND)
    end = min(len(text), max((last for _, last in spans), default=0) + AROUND)
    shown = Styled("…" if start else "")
    place = start
    for first, last in spans:
        shown.append(visible(text[place:first]))
        shown.append(visible(text[first:last]), style="bold underline")
        place = last
    shown.append(visible(text[place:end]) + ("…" if end < len(text) else ""))
    whole = isolated(shown.plain)
    return shown if whole == shown.plain else Styled.assemble(whole[0], shown, whole[-1])
