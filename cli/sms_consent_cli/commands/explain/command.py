"""`sms-consent explain`: the intent of a text, the reason, and what would happen."""

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
    Tier.COMPANY: "a keyword with words that ask for nothing else",
    Tier.MISSPELT: "a misspelt keyword",
    Tier.SENTENCE: "a sentence that asks for it",
    Tier.UNCLEAR: "may or may not be a request",
}
EXPLICIT = "an RCS event or configured postback data"
THEN = {
    Intent.OPT_OUT: "is opted out at once and gets one confirmation; TierActions can change that",
    Intent.OPT_IN: "is opted in as soon as AWS allows it, and then gets a confirmation",
    Intent.HELP: "gets the support contact; no consent changes",
    Intent.UNCLEAR: "is asked what they want; TierActions can change that",
    Intent.NONE: "gets no reply; nothing is recorded",
}
"""What happens with default settings."""
THEN_BY_KEYWORD = "is opted out at once and gets one confirmation"
THEN_IF_OPTED_OUT = "is opted in if their newest request was an opt-out; otherwise nothing is recorded or sent"
"""For words such as YES, which carriers treat as START but people also use as an answer."""


def explain(
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts, each in quotes.")] = None,
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help="Read one JSON string per line from standard input; print one object per line."),
    ] = False,
    stack: Annotated[
        str | None, typer.Option("--stack", "--stack-name", help="Use the settings of this CloudFormation stack.")
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="Use the parameters in this file (formats as for doctor).")
    ] = None,
    sender: Annotated[
        str | None, typer.Option(help="With --stack: the number, pool or agent that receives the text.")
    ] = None,
    rcs: Annotated[
        bool,
        typer.Option(
            "--rcs", help="Read each text as the messageBody of a message to an RCS agent, which may be JSON."
        ),
    ] = False,
) -> None:
    """Show the intent of texts and the rule that decided it, with the functions' own classifier.

    Without --stack or --parameters, the default keywords and replies apply, without a brand.

    Exit codes: 0; 1 if a line of --jsonl was not a JSON string (other lines are still classified); 2 wrong usage.
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
            say(f"{len(texts)} texts were read; put quotes around a text of several words.", err=True)
        return
    try:
        bad = _answer(classifier, sys.stdin.buffer, rcs=rcs)
    except BrokenPipeError:
        # The reader closed the pipe. Redirect the rest of the buffer, so that flushing it at exit does not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if bad:
        raise typer.Exit(1)


def _classifier(stack: str | None, parameters: Path | None, sender: str | None) -> Classifier:
    if parameters is not None:
        from sms_consent_cli.shared.usage_error import report_usage_errors

        with report_usage_errors("explain"):
            return by_parameters(parameters)
    if stack is None:
        return standard()
    from sms_consent_cli.shared.ledger_access import report_aws_errors

    with report_aws_errors("explain"):
        return by_stack(stack, sender)


def _content(text: str, *, rcs: bool) -> RcsContent | None:
    return content_of(text) if rcs else None


def _answer(classifier: Classifier, lines: Iterable[bytes], *, rcs: bool) -> int:
    """Print an object for each line with a JSON string, and return the number of other lines. Empty lines are skipped."""
    bad = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except (ValueError, RecursionError):
            text = None
        if isinstance(text, str):
            # In ASCII: a text may hold a lone surrogate, which cannot be encoded.
            say_json(_object(text, classifier.classify(text, _content(text, rcs=rcs))))
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

    reading = explanation.classification
    then = THEN_IF_OPTED_OUT if reading.everyday else THEN[reading.intent]
    if reading.intent is Intent.OPT_OUT and reading.tier is Tier.KEYWORD:
        then = THEN_BY_KEYWORD
    explicit = reading.rule.startswith(("event:", "postback:"))
    show(explanation, TIERS | {Tier.KEYWORD: EXPLICIT} if explicit else TIERS, then)
