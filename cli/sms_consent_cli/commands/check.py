"""`sms-consent check`: whether a number is opted out, since when, and whether the opt-out list is up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_consent.queries.views import consent_view
from sms_consent_cli.shared.options import STACK, UNKNOWN, AsJson, Country, Number, Stack, Table, number_of
from sms_consent_cli.shared.terminal_text import say_json

if TYPE_CHECKING:
    from sms_consent.domain.consent import Consent
    from sms_consent_cli.shared.import_evidence import ImportedDecision

__all__ = ["check"]


def check(
    number: Number,
    opt_out_list: Annotated[str | None, typer.Option("--list", help="Only this opt-out list.")] = None,
    as_json: AsJson = False,
    country: Country = None,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Show whether a number is opted out, according to the ledger.

    The ledger is up to date from the moment a text is processed. AWS_ENDPOINT_URL selects a local stack.
    Exit codes: 0 consents found, 1 none, 2 not a number, 3 AWS did not respond.
    """
    from sms_consent_cli.shared.import_evidence import imported_evidence
    from sms_consent_cli.shared.ledger_access import consent_queries, import_records, list_name, report_aws_errors

    e164 = number_of("check", number, country)
    with report_aws_errors("check"):
        ledger = consent_queries(table, stack)
        found = ledger.consents(e164)
        opt_out_list = list_name(opt_out_list, table, stack) if opt_out_list is not None else None
        consents = [consent for consent in found if opt_out_list is None or _is_list(consent.list_name, opt_out_list)]
        imported = imported_evidence(ledger, import_records(table, stack), consents)
    if as_json:
        say_json({"number": e164, "consents": [_view(consent, imported) for consent in consents]})
    else:
        _show(e164, consents, imported)
    raise typer.Exit(0 if consents else UNKNOWN)


def _is_list(list_name: str, asked: str) -> bool:
    """Return whether ``asked`` names this list. A list of another account has its ARN in the ledger, and may be given by name."""
    return asked in {list_name, list_name.rpartition("/")[2]}


def _view(consent: Consent, imported: Mapping[str, ImportedDecision]) -> dict[str, Any]:
    view = consent_view(consent)
    found = imported.get(consent.list_name)
    return view | ({"import": found.view()} if found is not None and found.view() is not None else {})


def _show(number: str, consents: Sequence[Consent], imported: Mapping[str, ImportedDecision]) -> None:
    from sms_consent_cli.shared.consent_view import show_consents

    show_consents(number, consents, {name: found.sentence() for name, found in imported.items()})
