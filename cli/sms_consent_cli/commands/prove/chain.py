"""The result of verifying the chain of entries, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from sms_consent.domain.chain_verification import ChainReport, Finding
from sms_consent_cli.commands.prove.dossier import Verification, VerificationResult
from sms_consent_cli.commands.prove.time_text import TimeText

__all__ = ["verification"]


def verification(
    report: ChainReport, times: TimeText, references: Mapping[int, str], *, waiting: int = 0
) -> Verification:
    """Return the result of verifying the chain, in plain words.

    Args:
        report: The result of verifying the chain.
        times: How times are written.
        references: The dossier's number of each request in the chain, by its sequence number.
        waiting: How many requests are recorded with a status, and not yet in the history.
    """
    apart = report.unchained + report.without_chain
    if report.findings:
        result, statement = VerificationResult.NOT_INTACT, _broken(report, references)
    elif report.entries:
        result, statement = VerificationResult.INTACT, _intact(report, times)
    else:
        result = VerificationResult.NOT_CHAINED
        yet = "yet " if waiting else ""
        statement = (
            f"No entry about this person is {yet}part of a chain, so whether entries were changed cannot be checked."
        )
    return Verification(
        result=result,
        statement=" ".join([statement, *_apart(report, times), *_waiting(waiting)]),
        entries=report.entries,
        unchained=apart,
        chain_started_at=report.begun_at,
        findings=tuple(_finding(finding, references) for finding in report.findings),
    )


def _intact(report: ChainReport, times: TimeText) -> str:
    start = report.erased_at or report.begun_at
    since = f" since {times.moment(start)}" if start is not None else ""
    return (
        f"{_entries(report.entries)}{since} form{'s' if report.entries == 1 else ''} an unbroken chain: each has a digest of its "
        "content and of the entry before it, and all of them match. No entry of the chain was found changed, removed or inserted."
    )


def _finding(finding: Finding, references: Mapping[int, str]) -> str:
    reference = references.get(finding.sequence) if finding.sequence is not None else None
    return f"{reference}: {finding.text}" if reference is not None else finding.text


def _broken(report: ChainReport, references: Mapping[int, str]) -> str:
    count = len(report.findings)
    named = dict.fromkeys(references.get(each.sequence or 0) for each in report.findings)
    about = ", ".join(each for each in named if each is not None)
    about = f" ({about})" if about else ""
    return (
        f"The chain of entries does not match in {count} place{'' if count == 1 else 's'}{about}. Entries were changed, removed "
        "or inserted outside this software, or were damaged. What this dossier says rests on the entries as they are now."
    )


def _apart(report: ChainReport, times: TimeText) -> list[str]:
    said = []
    if report.unchained:
        said.append(
            f"{_entries(report.unchained)} from before the chain's start {_are(report.unchained)} not part of it."
        )
    if report.without_chain:
        said.append(
            f"{_entries(report.without_chain)} written later by a release of this software without the chain "
            f"{_are(report.without_chain)} not part of it."
        )
    if report.erased_at is not None:
        said.append(f"The history before {times.moment(report.erased_at)} was erased.")
    return said


def _waiting(count: int) -> list[str]:
    """Say that requests of which the list call is still to be made get their place in the chain with its result."""
    if not count:
        return []
    requests = "1 request counts" if count == 1 else f"{count} requests count"
    return [
        f"{requests} already, and become{'s' if count == 1 else ''} part of the chain once the opt-out list has been updated."
    ]


def _entries(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
