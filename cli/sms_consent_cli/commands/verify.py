"""`sms-consent verify`: whether an entry of the evidence was changed, removed or inserted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_consent.domain.phone_number import mask
from sms_consent_cli.shared.options import STACK, AsJson, Country, Stack, Table, number_of
from sms_consent_cli.shared.terminal_text import say, say_json

if TYPE_CHECKING:
    from sms_consent.domain.chain_verification import ChainReport
    from sms_consent.queries.evidence import EvidenceQueries
    from sms_consent_cli.commands.verify_heads import EarlierHeads, HeadsWriter

__all__ = ["verify"]

FOUND = 1
"""The exit code if something was found."""


def verify(
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="As +14255550182, or in the national format of --country.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Verify every number. Reads the whole ledger; numbers are masked.")
    ] = False,
    heads: Annotated[
        Path | None,
        typer.Option(
            "--heads", metavar="FILE", help="With --all: write the newest entry of each number to a new file."
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="FILE", help="With --all: compare with a file that --heads wrote earlier."),
    ] = None,
    as_json: AsJson = False,
    country: Country = None,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Recompute the evidence chain of a number, and show what was changed, removed or inserted by hand.

    Somebody who can write the whole table can rewrite a chain. Keep the files of --heads where the same people cannot write, such
    as an S3 bucket with Object Lock: --against then finds it.

    Entries from before the chain began, and entries that a release without it wrote, are counted: nothing can be said about them.
    docs/evidence.md says what the chain proves. AWS_ENDPOINT_URL selects a local stack.
    Exit codes: 0 nothing was found, 1 something was found, 2 bad input, 3 AWS did not respond.
    """
    from sms_consent_cli.commands.verify_heads import EarlierHeads, heads_written_to
    from sms_consent_cli.shared.ledger_access import evidence_queries, report_aws_errors
    from sms_consent_cli.shared.usage_error import UsageError, report_usage_errors

    with report_usage_errors("verify"):
        if (number is None) is not everybody:
            raise UsageError("give either a number or --all")
        if number is not None and (heads is not None or against is not None):
            raise UsageError("--heads and --against need --all")
    e164 = number_of("verify", number, country) if number is not None else None
    with report_aws_errors("verify"), report_usage_errors("verify"):
        earlier = EarlierHeads(against) if against is not None else None
        evidence = evidence_queries(table, stack)
        if e164 is not None:
            is_intact = _one(evidence, e164, as_json=as_json)
        else:
            with heads_written_to(heads) as written:
                is_intact = _all(evidence, written, earlier, as_json=as_json)
    raise typer.Exit(0 if is_intact else FOUND)


def _one(evidence: EvidenceQueries, number: str, *, as_json: bool) -> bool:
    report = evidence.person(number).chain
    if as_json:
        say_json(_view(number, report))
        return report.is_intact
    say("\n".join(_lines(number, report)))
    return report.is_intact


def _all(evidence: EvidenceQueries, heads: HeadsWriter | None, earlier: EarlierHeads | None, *, as_json: bool) -> bool:
    """Verify every number, one at a time. Report those with findings as they are found, and totals at the end."""
    totals = dict.fromkeys(("numbers", "entries", "unchained", "withoutChain", "erased", "withFindings"), 0)
    for number, report in evidence.reports():
        if heads is not None:
            heads.add(number, report)
        if earlier is not None:
            report = replace(report, findings=(*report.findings, *earlier.compared(number, report)))
        totals["numbers"] += 1
        totals["entries"] += report.entries
        totals["unchained"] += report.unchained
        totals["withoutChain"] += report.without_chain
        totals["erased"] += report.erased_at is not None
        if report.is_intact:
            continue
        totals["withFindings"] += 1
        if as_json:
            say_json(_view(mask(number), report))
        else:
            say("\n".join(_lines(mask(number), report)))
    if earlier is not None:
        totals["gone"] = earlier.gone
    if as_json:
        say_json({"totals": totals})
        return not totals["withFindings"] and not totals.get("gone")
    say(
        f"{_count(totals['numbers'], 'number')} with {_count(totals['entries'], 'entry', 'entries')}: "
        + (
            f"{totals['withFindings']} with findings"
            if totals["withFindings"]
            else "nothing was changed, removed or inserted"
        )
    )
    _say_uncertain(totals["unchained"], totals["withoutChain"], totals["erased"])
    if totals.get("gone"):
        say(f"{totals['gone']} numbers of the earlier file are not in the ledger: erased entirely, or removed")
    return not totals["withFindings"] and not totals.get("gone")


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def _say_uncertain(unchained: int, without_chain: int, erased: int) -> None:
    if unchained:
        say(f"{unchained} entries are older than the evidence chain of their number: nothing can be said about them")
    if without_chain:
        say(f"{without_chain} entries were written by a release without the evidence chain, or look so")
    if erased:
        say(f"{erased} numbers had their history erased")


def _lines(number: str, report: ChainReport) -> list[str]:
    lines = [f"{number}: {finding.text}" for finding in report.findings]
    if not lines:
        began = f" since {report.begun_at:%Y-%m-%d %H:%M:%S}Z" if report.begun_at is not None else ""
        lines = [
            f"{number}: {_count(report.entries, 'entry', 'entries')}{began}: nothing was changed, removed or inserted"
        ]
    if not report.entries and not report.findings:
        why = "nothing is recorded, the first request is not on the list yet, or all was removed (--all --against finds that)"
        lines = [f"{number}: no entry is part of an evidence chain, so there is nothing to verify: {why}"]
    if report.erased_at is not None:
        lines.append(f"The history before {report.erased_at:%Y-%m-%d %H:%M:%S}Z was erased.")
    if report.left_over:
        lines.append(f"An interrupted erasure left {report.left_over} entries: run sms-consent erase again.")
    if report.unchained:
        lines.append(f"{report.unchained} entries are older than the chain: nothing can be said about them.")
    if report.without_chain:
        lines.append(
            f"{report.without_chain} entries were written by a release without the evidence chain, or look so."
        )
    return lines


def _view(number: str, report: ChainReport) -> dict[str, Any]:
    from sms_consent.domain.time import text_or_none

    return {
        "number": number, "intact": report.is_intact, "entries": report.entries, "begunAt": text_or_none(report.begun_at),
        "unchained": report.unchained, "withoutChain": report.without_chain, "erasedAt": text_or_none(report.erased_at),
        "leftOver": report.left_over,
        "findings": [
            {"kind": each.kind.value, "text": each.text} | ({"sequence": each.sequence} if each.sequence is not None else {})
            for each in report.findings
        ],
    }  # fmt: skip
