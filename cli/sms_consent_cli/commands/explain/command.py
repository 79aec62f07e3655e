"""`sms-consent explain`: what a text is taken for, why, and what would happen to whoever sent it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from sms_consent.intent import Classification, Explanation, Intent, Tier
from sms_consent.intent.classifier import Classifier
from sms_consent.intent.rcs_content import RcsContent, content_of
from sms_consent_cli.shared.classification import by_parameters, by_stack, standard
from sms_consent_cli.shared.terminal_text import say, say_json

__all__ = ["explain"]

TIERS = {
    Tier.KEYWORD: "the whole message is a keyword",
    Tier.COMPANY: "a keyword among words that ask for nothing else",
    Tier.MISSPELT: "a keyword, wrongly typed",
    Tier.SENTENCE: "a sentence that asks for it",
    Tier.UNCLEAR: "may be meant so, or not",
}
EXPLICIT = "an RCS event or configured postback data, which needs no interpretation"
THEN = {
    Intent.OPT_OUT: "is opted out at once, and told so one last time; TierActions can change that",
    Intent.OPT_IN: "is opted in as soon as AWS allows it, and then told so",
    Intent.HELP: "is sent the support contact; nothing else changes",
    Intent.UNCLEAR: "is asked what they want; TierActions can change that",
    Intent.NONE: "hears nothing; nothing is recorded, nothing changes",
}
"""With the defaults of a deployment."""
THEN_BY_KEYWORD = "is opted out at once, and told so one last time"
THEN_IF_OPTED_OUT = "is opted in if their newest request was an opt-out; otherwise nothing is recorded or sent"
"""Of a word that carriers take for START, and that people also answer with, such as YES."""


def explain(
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts, each in quotes.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read one JSON string a line from standard input; write one object a line.")
    ] = False,
    stack: Annotated[
        str | None, typer.Option("--stack", "--stack-name", help="With the settings of this CloudFormation stack.")
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="With the parameters in this file, before the first deployment; as for doctor.")
    ] = None,
    sender: Annotated[str | None, typer.Option(help="With --stack: the number, pool or agent that was texted.")] = None,
    rcs: Annotated[
        bool,
        typer.Option("--rcs", help="Read each text as messageBody of a message to an RCS agent, which may be JSON."),
    ] = False,
) -> None:
    """Says what a text is taken for and why, by the same rules as the functions.

    Without --stack or --parameters, the standard keywords and replies apply, without a brand.

    Exit codes: 0, or 1 if a line of --jsonl was no JSON string (the others are answered all the same), 2 for a call that
    makes no sense.
    """
    if jsonl == bool(texts):
        raise typer.BadParameter("give texts, or --jsonl and lines on standard input")
    if (stack and parameters) or (sender and not stack):
        raise typer.BadParameter("give --stack, with or without --sender, or --parameters")
    classifier = _classifier(stack, parameters, sender)
    if texts:
        for text in texts:
            _show(classifier.explain(text, _content(text, rcs=rcs)))
        if len(texts) > 1 and not rcs and not any(" " in text for text in texts):
            say(f"{len(texts)} texts were read; a text of several words needs quotes around it.", err=True)
        return
    try:
        bad = _answer(classifier, sys.stdin.buffer, rcs=rcs)
    except BrokenPipeError:
        # Whoever read the answers has had enough. What is left in the buffer must not fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if bad:
        raise typer.Exit(1)


def _classifier(stack: str | None, parameters: Path | None, sender: str | None) -> Classifier:
    if parameters is not None:
        from sms_consent_cli.shared.usage_error import refusals_told

        with refusals_told("explain"):
            return by_parameters(parameters)
    if stack is None:
        return standard()
    from sms_consent_cli.shared.ledger_access import failures_told

    with failures_told("explain"):
        return by_stack(stack, sender)


def _content(text: str, *, rcs: bool) -> RcsContent | None:
    return content_of(text) if rcs else None


def _answer(classifier: Classifier, lines: Iterable[bytes], *, rcs: bool) -> int:
    """One object for each line that is a JSON string; the number of those that are none. Empty lines are passed over."""
    bad = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except (ValueError, RecursionError):
            text = None
        if isinstance(text, str):
            # In ASCII: a text may hold half a character, which no encoding can write.
            say_json(_object(text, classifier.read(text, _content(text, rcs=rcs))))
        else:
            bad += 1
            say(f"line {number}: not a JSON string", err=True)
    return bad


def _object(text: str, reading: Classification) -> dict[str, Any]:
    return {
        "text": text,
        "intent": reading.intent,
        "rule": reading.rule,
        "matched": reading.matched,
        "language": reading.language,
        **({"only_if_opted_out": True} if reading.everyday else {}),
    }


def _show(explanation: Explanation) -> None:
    from sms_consent_cli.commands.explain.report import show

    reading = explanation.reading
    then = THEN_IF_OPTED_OUT if reading.everyday else THEN[reading.intent]
    if reading.intent is Intent.OPT_OUT and reading.tier is Tier.KEYWORD:
        then = THEN_BY_KEYWORD
    explicit = reading.rule.startswith(("event:", "postback:"))
    show(explanation, TIERS | {Tier.KEYWORD: EXPLICIT} if explicit else TIERS, then)
