"""`sms-consent evaluate`: how well texts are classified, measured on texts that the rules were not written on."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sms_consent_cli.commands.evaluate.corpus import CORPUS, CorpusError, Part, load, load_sms_spam
from sms_consent_cli.commands.evaluate.metrics import ClassifiedText, Figures, by, confusion, outcomes, tiers
from sms_consent_cli.commands.evaluate.peers import PEERS
from sms_consent_cli.commands.evaluate.tables import show
from sms_consent_cli.shared.classification import standard
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import say, say_json, visible

WIDE = 132  # a pipe has no width; enough that no cell wraps
OURS = "sms-consent"


def evaluate(
    part: Annotated[
        Part, typer.Option(help="Texts that the rules were written on (dev), the others (heldout), or all.")
    ] = (Part.HELDOUT),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
    show_errors: Annotated[
        int,
        typer.Option(
            min=0, help="Show this many wrongly classified texts. Do not use it on heldout while writing rules."
        ),
    ] = 0,
    sms_spam: Annotated[
        Path | None, typer.Option(help="The SMS Spam Collection's file; its human messages count as conversation.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Only this language, such as en. The other published rules are English.")
    ] = "",
    corpus: Annotated[Path, typer.Option(help="Folder with the corpus.", show_default="tests/corpus")] = CORPUS,
) -> None:
    """Measure recall and false positives on labelled texts, compared with other published rules."""
    try:
        examples = load(part, corpus) + (load_sms_spam(sms_spam) if sms_spam else [])
    except CorpusError as error:
        say(f"{visible(str(error))}. The corpus is part of the source tree; --corpus names its folder.", err=True)
        raise typer.Exit(2) from error
    examples = [example for example in examples if language in {"", example.language}]
    ours = outcomes(standard(), examples)
    readers = {OURS: ours} | {peer.name: outcomes(peer, examples) for peer in PEERS}
    # First the errors that change a consent or miss a request.
    wrong = sorted((one for one in ours if one.is_error), key=lambda one: not (one.touched or one.is_opt_out))
    if as_json:
        say_json(summary(part, readers, wrong[:show_errors]), indent=2)
    else:
        show(console(wide=WIDE), part, readers, wrong[:show_errors])


def summary(part: Part, readers: dict[str, list[ClassifiedText]], errors: list[ClassifiedText]) -> dict[str, Any]:
    """Return the evaluation as a JSON object. It holds texts only as requested errors."""
    ours = readers[OURS]
    return {
        "part": part,
        "texts": len(ours),
        "readers": {name: _figures(read) for name, read in readers.items()},
        "languages": {name: _figures(read) for name, read in by(ours, lambda one: one.example.language).items()},
        "kinds": {name: _figures(read) for name, read in by(ours, lambda one: one.example.kind).items()},
        "tiers": {name: asdict(right) for name, right in tiers(ours).items()},
        "confusion": {label: dict(row) for label, row in confusion(ours).items()},
        "errors": [
            {"id": one.example.id, "text": one.example.text, "label": one.example.label, "read_as": one.intent,
             "tier": one.tier, "rule": one.rule}
            for one in errors
        ],
    }  # fmt: skip


def _figures(read: list[ClassifiedText]) -> dict[str, dict[str, float]]:
    figures = Figures.of(read)
    return {
        name: {"count": one.count, "of": one.of, "share": round(one.value, 5), "low": round(one.interval[0], 5),
               "high": round(one.interval[1], 5)}
        for name in figures.__dataclass_fields__
        for one in [getattr(figures, name)]
        if one.of
    }  # fmt: skip
