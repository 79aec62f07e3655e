"""`sms-consent history`: why a number is opted out or in; with --json, every decision, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_consent.domain.phone_number import mask_id
from sms_consent.queries.evidence import facts_by_decision
from sms_consent.queries.history import Entry, page_of
from sms_consent.queries.views import decision_view, fact_view
from sms_consent_cli.shared.options import STACK, UNKNOWN, AsJson, Country, Number, Stack, Table, number_of
from sms_consent_cli.shared.terminal_text import say_json

if TYPE_CHECKING:
    from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
    from sms_consent.domain.evidence import Fact
    from sms_consent.domain.import_record import ImportRecord
    from sms_consent.queries.history import ConsentQueries
    from sms_consent_cli.shared.narrative import NumberHistory

__all__ = ["history"]

PAGE = 100


def history(
    number: Number,
    show_texts: Annotated[
        bool, typer.Option("--show-texts", help="Show whole texts, not only the words that matched.")
    ] = False,
    as_json: AsJson = False,
    country: Country = None,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Show how a person was opted out or in: who asked for what, which rule matched, and what was done.

    The text output is oldest first. --json has every decision with its text, newest first. AWS_ENDPOINT_URL selects a local
    stack. Exit codes: 0 something is stored, 1 nothing, 2 not a number, 3 AWS did not respond.
    """
    from sms_consent_cli.shared.import_evidence import records_of
    from sms_consent_cli.shared.ledger_access import consent_queries, import_records, report_aws_errors

    e164 = number_of("history", number, country)
    with report_aws_errors("history"):
        ledger = consent_queries(table, stack)
        entries = list(_entries(ledger, e164))
        imports, facts = records_of(import_records(table, stack), entries), ledger.facts(e164)
        person = None if as_json else _person(ledger, e164, entries, imports, facts)
    if person is None:
        say_json({"number": e164, **_views(entries, imports, facts)})
    else:
        from sms_consent_cli.shared.consent_view import show_history

        show_history(person, show_texts=show_texts)
    raise typer.Exit(0 if entries or (person is not None and person.consents) else UNKNOWN)


def _views(
    entries: Sequence[Entry], imports: Mapping[str, ImportRecord], facts: Sequence[Fact]
) -> dict[str, list[dict[str, Any]]]:
    """Return the decisions with their facts, and the facts of none of these, such as an erasure."""
    by_decision = facts_by_decision(facts)
    known = {entry.decision.id for entry in entries}
    others = [fact_view(fact) for fact in facts if fact.decision_id not in known]
    decisions = [_view(entry, imports, by_decision.get(entry.decision.id, ())) for entry in entries]
    return {"decisions": decisions} | ({"facts": others} if others else {})


def _view(entry: Entry, imports: Mapping[str, ImportRecord], facts: Sequence[Fact]) -> dict[str, Any]:
    """Return the decision for JSON, with the id under which logs show it, its import, and its facts."""
    from sms_consent_cli.shared.import_evidence import import_view

    made_by = import_view(entry.decision, imports.get(entry.decision.import_id or ""))
    view = {**decision_view(entry, facts), "logId": mask_id(entry.decision.id)}
    return view | ({"import": made_by} if made_by is not None else {})


def _person(
    ledger: DynamoConsentQueries,
    number: str,
    entries: list[Entry],
    imports: Mapping[str, ImportRecord],
    facts: list[Fact],
) -> NumberHistory:
    from sms_consent_cli.shared.narrative import NumberHistory

    return NumberHistory(
        number, entries, ledger.consents(number), ledger.threads(number), ledger.drifts(number), imports, facts
    )


def _entries(ledger: ConsentQueries, number: str) -> Iterator[Entry]:
    token: str | None = None
    while True:
        page = page_of(ledger, number, size=PAGE, token=token)
        yield from page.entries
        if page.next is None:
            return
        token = page.next
