"""`sms-consent doctor`: problems with a deployment's settings, each with its fix."""

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
        typer.Option(help="SAM template. Default: template.yaml here, or the packaged one."),
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Also check the deployment on AWS: PASS, FAIL or UNKNOWN for each part. Read-only."
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
            help="With --deep: test undocumented behaviour of AWS, on opt-out lists that are created for it and deleted.",
        ),
    ] = False,
    wait: Annotated[float, typer.Option(min=1, max=3600, help="Seconds to wait for the test STOP.")] = 60,
    as_json: AsJson = False,
    table: Table = None,
    stack: Stack = STACK,
) -> None:
    """Check a deployment's settings, and list each problem with its fix.

    Without --parameters, it reads the stack's parameters, the functions' configuration if you may, and the senders in the
    ledger. It composes every reply in every language. AWS_ENDPOINT_URL selects a local stack. Nothing is changed.

    With --deep, it also checks on AWS that texts get to the stack, that numbers use the right lists, that functions run, and
    that alarms notify anyone. A check without the permission is UNKNOWN, with the permission's name. Only --send-test-stop
    and --learn change something: they use numbers reserved for fiction, and clean up.

    Settings that work but matter to an operator, such as alarms without a topic, are warnings on standard error. They do not
    change the exit code.

    Exit codes: 0 no problem, 1 a problem or a failed check, 2 a file that cannot be read, 3 AWS did not respond.
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
        output = {
            "checked": checked,
            "problems": [_object(problem) for problem in problems],
            "warnings": [_object(warning) for warning in warnings],
        }
        say_json(output | (results.view() if deep else {}))
    elif deep:
        results.show()
    raise typer.Exit(PROBLEMS if problems or results.failed else 0)


def _problems(deployment: Deployment, declared: Declared, *, deep: bool) -> tuple[list[Problem], list[Problem]]:
    """Return the problems and, if ``deep``, separately what the caller may not read."""
    from botocore.exceptions import ClientError

    from sms_consent.bootstrap.settings import Problem
    from sms_consent_cli.commands.doctor.checks import problems_of_deployment
    from sms_consent_cli.commands.doctor.ledger_checks import UNSEEN

    deployment.parameters()  # raises NotFound without a stack
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
