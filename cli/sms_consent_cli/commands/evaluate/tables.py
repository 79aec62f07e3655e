"""Tables of an evaluation."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sms_consent_cli.commands.evaluate.corpus import Label, Part
from sms_consent_cli.commands.evaluate.metrics import ClassifiedText, Figures, Share, by, confusion, tiers
from sms_consent_cli.shared.terminal_text import visible


def _cell(one: Share, *, sure: bool = True) -> Text:
    if not one.of:
        return Text("·")
    low, high = one.interval
    if not sure:
        return Text(f"{one.count}/{one.of}")
    return Text.assemble(f"{one.value:.1%} ", (f"{low:.1%}–{high:.1%}", "dim"))


def show(console: Console, part: Part, readers: dict[str, list[ClassifiedText]], errors: list[ClassifiedText]) -> None:
    """Print the comparison with the peers, then our figures by language, kind and tier, and the errors."""
    name_of_ours, ours = next(iter(readers.items()))
    whole = Figures.of(ours)
    table = Table(
        title=f"{len(ours)} texts ({part}): {whole.found.of} opt-outs, {whole.touched.of} innocent and hard, "
        f"{whole.conversation_touched.of} of conversation",
        caption="95 % intervals (Wilson). Touched: a consent would change. Asked: the person is asked what they want.",
    )
    for normalised_heading in (
        "rule",
        "opt-outs found",
        "opt-outs asked",
        "innocent touched",
        "innocent asked",
        "chat touched",
    ):
        table.add_column(normalised_heading, justify="left" if normalised_heading == "rule" else "right", no_wrap=True)
    for name, read in readers.items():
        one = Figures.of(read)
        row = (one.found, one.asked, one.touched, one.innocent_asked, one.conversation_touched)
        table.add_row(name, *map(_cell, row), style="bold" if name == name_of_ours else "")
    console.print(table)
    console.print(_breakdown("language", by(ours, lambda one: one.example.language)))
    console.print(_breakdown("kind of text", by(ours, lambda one: one.example.kind)))
    console.print(_tier_table(ours))
    console.print(_confusion_table(ours))
    for error in errors:
        said = f"{error.example.label} classified as {error.intent} ({error.tier}, {error.rule})"
        shown = Text.assemble((visible(error.example.id), "dim"), f" {said}: {error.example.text!r}")
        console.print(shown, soft_wrap=True)


def _breakdown(normalised_heading: str, groups: dict[str, list[ClassifiedText]]) -> Table:
    table = Table(title=f"By {normalised_heading}")
    table.add_column(normalised_heading)
    for name in ("opt-outs found", "opt-outs asked", "innocent touched", "innocent asked", "chat touched"):
        table.add_column(name, justify="right")
    for name, read in groups.items():
        one = Figures.of(read)
        row = (one.found, one.asked, one.touched, one.innocent_asked, one.conversation_touched)
        table.add_row(visible(name), *(_cell(item, sure=False) for item in row))
    return table


def _tier_table(read: list[ClassifiedText]) -> Table:
    table = Table("tier", "opted out rightly", title="Opt-outs by tier")
    for tier, right in tiers(read).items():
        table.add_row(tier, _cell(right, sure=False))
    return table


def _confusion_table(read: list[ClassifiedText]) -> Table:
    table = Table("label ↓ intent →", *Label, title="Confusion")
    for label, row in confusion(read).items():
        table.add_row(label, *(str(row[intent] or "·") for intent in Label))
    return table
