"""Command-line options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from sms_consent_cli.shared.terminal_text import say
from sms_consent_cli.shared.usage_error import BAD_INPUT

__all__ = [
    "STACK",
    "UNKNOWN",
    "AsJson",
    "CarryOption",
    "Country",
    "ForgetOption",
    "Number",
    "Stack",
    "Table",
    "number_of",
]

UNKNOWN = 1
"""The exit code if nothing is known about a number."""
STACK = "sms-consent"
"""The default name of the CloudFormation stack. The local stack has it too."""

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="As +14255550182, or in the national format of --country.")
]
Country = Annotated[
    str | None, typer.Option("--country", "--region", help="Country of a number without country code, as US.")
]
Table = Annotated[str | None, typer.Option(help="The ledger's table. Default: LEDGER_TABLE, or the table of --stack.")]
Stack = Annotated[
    str, typer.Option("--stack", "--stack-name", envvar="SMS_CONSENT_STACK", help="The CloudFormation stack.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
CarryOption = Annotated[
    bool, typer.Option("--carry", help="Copy the opt-outs and pending opt-ins of the old list to the new one.")
]
ForgetOption = Annotated[
    bool, typer.Option("--forget", help="Do not copy them: texts may then reach people who opted out.")
]


def number_of(command: str, number: str, country: str | None) -> str:
    """Return a number from the command line in E.164 form, with a warning if its length is not possible.

    Ends the command with exit code 2 if the text is not a number.
    """
    from sms_consent_cli.shared.number_input import InvalidNumber, length_problem, parse_number

    try:
        parsed = parse_number(number, country)
    except InvalidNumber as error:
        say(f"sms-consent {command}: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    if (problem := length_problem(parsed)) is not None:
        say(f"warning: check the number: {problem}", err=True)
    return parsed.e164
