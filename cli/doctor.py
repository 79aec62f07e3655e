"""`sms-consent doctor`: what is wrong with a deployment's settings, and how to put it right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.check import STACK, AsJson, Stack, Table
from cli.printable import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent.settings import Problem

__all__ = ["doctor"]

PROBLEMS = 1
CHECKOUT = Path(__file__).parents[1]


def doctor(
    parameters: Annotated[
        Path | None,
        typer.Option(
            "--parameters",
            help="Check this file before the first deployment: samconfig.toml, JSON for the AWS CLI, or KEY=VALUE lines.",
        ),
    ] = None,
    config_env: Annotated[str, typer.Option(help="The configuration in samconfig.toml.")] = "default",
    template: Annotated[
        Path | None, typer.Option(help="SAM template; else template.yaml here, else that of the checkout.")
    ] = None,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Checks a deployment's settings, and lists each problem with its fix.

    Without --parameters, it reads the stack's parameters, the functions' configuration where you may see it, and the senders in
    the ledger. Every reply is composed in every language. AWS_ENDPOINT_URL points it at a local stack. Nothing is changed.

    Exit codes: 0 no problem, 1 at least one, 2 a file that cannot be read, 3 no answer.
    """
    from cli.checkup import declared_parameters, problems_before_deployment, problems_of_deployment
    from cli.deployed import failures_told
    from cli.deployment import Deployment
    from cli.local.errors import LocalError
    from cli.parameter_file import read_parameters
    from cli.refusal import Refusal, refusals_told

    with refusals_told("doctor"):
        try:
            declared = declared_parameters(template or _template())
        except LocalError as error:
            raise Refusal(str(error)) from error
        chosen = read_parameters(parameters, config_env) if parameters is not None else None
    if chosen is not None:
        checked, problems = str(parameters), problems_before_deployment(chosen, declared)
    else:
        checked = f"stack {stack}"
        with failures_told("doctor"):
            problems = problems_of_deployment(Deployment(stack, table=table), declared)
    if as_json:
        say_json({"checked": checked, "problems": [_object(problem) for problem in problems]})
    else:
        _show(checked, problems)
    raise typer.Exit(PROBLEMS if problems else 0)


def _template() -> Path | None:
    """None in an installation without a checkout: then only what functions check is checked."""
    return next((path for path in (Path("template.yaml"), CHECKOUT / "template.yaml") if path.exists()), None)


def _object(problem: Problem) -> dict[str, str]:
    return {"setting": problem.setting, "problem": problem.message, "fix": problem.fix}


def _show(checked: str, problems: Sequence[Problem]) -> None:
    for problem in problems:
        say(visible(f"{problem.setting} {problem.message}"))
        say(visible(f"    {problem.fix}"))
    found = "no problem" if not problems else f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    say(visible(f"{checked}: {found}"))
