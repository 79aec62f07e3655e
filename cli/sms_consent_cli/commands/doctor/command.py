"""`sms-consent doctor`: what is wrong with a deployment's settings, and how to put it right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_consent_cli.shared.options import STACK, AsJson, Stack, Table
from sms_consent_cli.shared.resources import resource_path
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent.bootstrap.settings import Problem
    from sms_consent_cli.commands.doctor.checks import Declared
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["doctor"]

PROBLEMS = 1


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
        Path | None,
        typer.Option(help="SAM template; else template.yaml here, else the one that this command comes with."),
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Also check the deployment on AWS: PASS, FAIL or UNKNOWN for each part. Reads only."
        ),
    ] = False,
    test_stop: Annotated[
        bool,
        typer.Option(
            "--send-test-stop",
            help="With --deep: send a STOP, and then a START, from a number reserved for fiction through the whole stack.",
        ),
    ] = False,
    learn: Annotated[
        bool,
        typer.Option(
            "--learn",
            help="With --deep: find out how AWS answers what is undocumented, on opt-out lists that are made for it and deleted.",
        ),
    ] = False,
    wait: Annotated[float, typer.Option(min=1, max=3600, help="Seconds that the test STOP may take.")] = 60,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Checks a deployment's settings, and lists each problem with its fix.

    Without --parameters, it reads the stack's parameters, the functions' configuration where you may see it, and the senders in
    the ledger. Every reply is composed in every language. AWS_ENDPOINT_URL points it at a local stack. Nothing is changed.

    With --deep, it checks on AWS that texts get to the stack, that numbers use the right lists, that functions run, and that
    alarms tell somebody. A check that you lack a permission for is UNKNOWN, with its name. --send-test-stop and --learn alone
    change something: with numbers that nobody has, and only what they clean up again.

    What works but should be known, such as alarms that reach nobody, is a warning, on standard error. It changes no exit code.

    Exit codes: 0 no problem, 1 at least one or a failed check, 2 a file that cannot be read, 3 no answer.
    """
    from sms_consent_cli.commands.doctor.checks import (
        declared_parameters,
        problems_before_deployment,
        warnings_of_parameters,
    )
    from sms_consent_cli.commands.doctor.deep.report import CheckResults
    from sms_consent_cli.local.errors import LocalError
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.parameter_file import read_parameters
    from sms_consent_cli.shared.usage_error import UsageError, report_usage_errors

    with report_usage_errors("doctor"):
        if (test_stop or learn) and not deep:
            raise UsageError("--send-test-stop and --learn go with --deep")
        if deep and parameters is not None:
            raise UsageError("--deep checks a deployment: leave out --parameters")
        try:
            declared = declared_parameters(template or _template())
        except LocalError as error:
            raise UsageError(str(error)) from error
        chosen = read_parameters(parameters, config_env) if parameters is not None else None
    problems: list[Problem]
    unseen: list[Problem] = []
    deployment = Deployment(stack, table=table)
    if chosen is not None:
        checked, problems = str(parameters), problems_before_deployment(chosen, declared)
        warnings = warnings_of_parameters(chosen, declared)
    else:
        checked = f"stack {stack}"
        with report_aws_errors("doctor"):
            problems, unseen = _problems(deployment, declared, deep=deep)
            warnings = warnings_of_parameters(deployment.parameters(), declared)
    if not as_json:
        _show(checked, problems, () if deep else warnings)  # --deep checks where alarms are sent
    results = CheckResults(silent=as_json)
    if deep:
        from sms_consent_cli.commands.doctor.deep.finding import unknown
        from sms_consent_cli.commands.doctor.deep.run import run_checks

        with report_aws_errors("doctor"):
            results.add("settings", (unknown(f"{each.setting} {each.message}", each.fix) for each in unseen))
            run_checks(deployment, results, wait if test_stop else None, learn=learn)
    if as_json:
        told = {
            "checked": checked,
            "problems": [_object(problem) for problem in problems],
            "warnings": [_object(warning) for warning in warnings],
        }
        say_json(told | (results.view() if deep else {}))
    elif deep:
        results.show()
    raise typer.Exit(PROBLEMS if problems or results.failed else 0)


def _problems(deployment: Deployment, declared: Declared, *, deep: bool) -> tuple[list[Problem], list[Problem]]:
    """Return what is wrong with the settings and, if ``deep``, apart from that, what the caller may not look at."""
    from botocore.exceptions import ClientError

    from sms_consent.bootstrap.settings import Problem
    from sms_consent_cli.commands.doctor.checks import problems_of_deployment
    from sms_consent_cli.commands.doctor.ledger_checks import UNSEEN

    deployment.parameters()  # without a stack there is nothing to check
    try:
        found = problems_of_deployment(deployment, declared)
    except ClientError as error:
        if not deep or error.response["Error"].get("Code") not in {"AccessDenied", "AccessDeniedException"}:
            raise
        needed = f"dynamodb:{error.operation_name}"
        return [], [Problem("settings", UNSEEN, f"Run this with {needed} on the ledger.")]
    unseen = [each for each in found if deep and each.message == UNSEEN]
    return [each for each in found if each not in unseen], unseen


def _template() -> Path:
    here = Path("template.yaml")
    return here if here.exists() else resource_path("template.yaml")


def _object(problem: Problem) -> dict[str, str]:
    return {"setting": problem.setting, "problem": problem.message, "fix": problem.fix}


def _show(checked: str, problems: Sequence[Problem], warnings: Sequence[Problem]) -> None:
    for warning in warnings:
        say(visible(f"warning: {warning.setting} {warning.message}"), err=True)
        say(visible(f"    {warning.fix}"), err=True)
    for problem in problems:
        say(visible(f"{problem.setting} {problem.message}"))
        say(visible(f"    {problem.fix}"))
    found = "no problem" if not problems else f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    say(visible(f"{checked}: {found}"))
