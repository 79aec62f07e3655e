"""`sms-consent check`: whether somebody is opted out, since when, and how far the opt-out list has followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent.queries.views import consent_view
from sms_consent_cli.shared.number_input import InvalidNumber, length_problem, parse_number
from sms_consent_cli.shared.terminal_text import say, say_json
from sms_consent_cli.shared.usage_error import BAD_INPUT

if TYPE_CHECKING:
    from sms_consent.domain.consent import Consent

__all__ = ["STACK", "UNKNOWN", "AsJson", "Country", "Number", "Stack", "Table", "check", "number_of"]

UNKNOWN = 1
STACK = "sms-consent"
"""What `sam deploy` calls it here, and the local stack."""

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="As +14255550182; or as in its --country.")]
Country = Annotated[str | None, typer.Option("--country", "--region", help="Country of a number without its code.")]
Table = Annotated[str | None, typer.Option(help="The ledger's table; else LEDGER_TABLE, else that of --stack.")]
Stack = Annotated[
    str, typer.Option("--stack", "--stack-name", envvar="SMS_CONSENT_STACK", help="The CloudFormation stack.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")]


def check(
    number: Number,
    opt_out_list: Annotated[str | None, typer.Option("--list", help="Only this opt-out list.")] = None,
    as_json: AsJson = False,
    country: Country = None,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Says whether a number is opted out, from the ledger, which holds from the moment of a text on.

    AWS_ENDPOINT_URL points it at a local stack. Exit codes: 0 something is known, 1 nothing is, 2 no number, 3 no answer.
    """
    from sms_consent_cli.shared.ledger_access import failures_told, list_name, register

    e164 = number_of("check", number, country)
    with failures_told("check"):
        found = register(table, stack).consents(e164)
        opt_out_list = list_name(opt_out_list, table, stack) if opt_out_list is not None else None
    consents = [consent for consent in found if opt_out_list is None or _is(consent.list_name, opt_out_list)]
    if as_json:
        say_json({"number": e164, "consents": [consent_view(consent) for consent in consents]})
    else:
        _show(e164, consents)
    raise typer.Exit(0 if consents else UNKNOWN)


def number_of(command: str, number: str, country: str | None) -> str:
    """Return a number from the command line in E.164 form, with a warning if its length is not possible.

    Ends the command with exit code 2 if the text is not a number.
    """
    try:
        parsed = parse_number(number, country)
    except InvalidNumber as error:
        say(f"sms-consent {command}: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    if (problem := length_problem(parsed)) is not None:
        say(f"warning: check the number: {problem}", err=True)
    return parsed.e164


def _is(list_name: str, asked: str) -> bool:
    """A list of another account stands in the ledger by its ARN; it may be asked for by its name."""
    return asked in {list_name, list_name.rpartition("/")[2]}


def _show(number: str, consents: Sequence[Consent]) -> None:
    from sms_consent_cli.shared.consent_view import show_consents

    show_consents(number, consents)
