"""A run of `connect` or `disconnect`: checks, steps, and the result."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.domain.errors import ConsentError
from sms_consent_cli.commands.connect.delivery_check import DeliveryFailed
from sms_consent_cli.commands.connect.originators import ChangeNotVisible, Originator
from sms_consent_cli.commands.connect.plan import Step, is_safe
from sms_consent_cli.commands.connect.report import ConnectReport, describe_step
from sms_consent_cli.commands.connect.switchover import ChangedMeanwhile, ConnectOptions, Switchover, SwitchoverPlan
from sms_consent_cli.commands.connect.transfer import Incomplete

__all__ = ["DONE", "STOPPED", "connect", "disconnect"]

DONE, STOPPED, FAILED = 0, 1, 3


def connect(switchover: Switchover, originator: Originator, options: ConnectOptions, report: ConnectReport) -> int:
    """Connect a sender, and return the exit code.

    0 connected, or recorded and due; 1 stopped while AWS or the stack honours STOP; 3 AWS did not respond.
    """
    plan = switchover.plan_connect(originator)
    blocks = [check.name for check in report.checks if check.blocks(options.accepted)]
    _report_owner(switchover, originator, report)
    if plan is None or blocks:
        _report_blocked(switchover, originator, report)
        return STOPPED
    if not plan.steps:
        report.say(f"{originator.identity} is connected already: the stack honours STOP.", "green")
        return DONE
    code = _carry_out(switchover, plan, options, report)
    if code == DONE and not options.dry_run and not report.due:
        report.say(f"{originator.identity} is connected: the stack honours STOP.", "bold green")
    return code


def disconnect(switchover: Switchover, originator: Originator, options: ConnectOptions, report: ConnectReport) -> int:
    """Disconnect a sender. Return the exit code, as ``connect`` does; 0 once AWS honours STOP."""
    plan = switchover.plan_disconnect(originator)
    blocks = [check.name for check in report.checks if check.blocks(options.accepted)]
    _report_owner(switchover, originator, report)
    if plan is None or blocks:
        report.say("Nothing was changed.", "bold red")
        return STOPPED
    code = _carry_out(switchover, plan, options, report)
    if code == DONE and not options.dry_run and not report.due:
        report.say(
            f"{originator.identity} is disconnected: AWS honours STOP, with the list {plan.target.name}.", "bold green"
        )
    return code


def _carry_out(switchover: Switchover, plan: SwitchoverPlan, options: ConnectOptions, report: ConnectReport) -> int:
    """Carry out the steps. If one fails, earlier ones remain, and the next run continues from there."""
    for step in plan.steps:
        what = describe_step(step, plan)
        if options.dry_run:
            report.stepped(step, what, "planned")
            continue
        try:
            with report.doing(what):
                plan = switchover.carry_out(plan, step)
        except Incomplete as incomplete:
            report.due = incomplete.left
            report.stepped(step, f"{what}: {incomplete}", "due")
            _report_unfinished(switchover, plan, report)
            return DONE
        except (DeliveryFailed, ChangeNotVisible, ChangedMeanwhile, ConsentError, BotoCoreError, ClientError) as error:
            report.failure = _reason(error)
            report.stepped(step, f"{what}: {report.failure}", "failed")
            _report_unfinished(switchover, plan, report)
            return FAILED if isinstance(error, (BotoCoreError, ClientError, ConsentError)) else STOPPED
        report.stepped(step, switchover.evidence if step is Step.TRIAL and switchover.evidence else what, "done")
    _report_owner(switchover, plan.originator, report)
    return DONE


def _report_unfinished(switchover: Switchover, plan: SwitchoverPlan, report: ConnectReport) -> None:
    _report_owner(switchover, plan.originator, report)
    report.say(
        f"{report.honoured_by or 'AWS, or the stack if it did before,'} honours STOP. "
        "Completed steps remain; run this again to continue.",
        "bold",
    )


def _report_blocked(switchover: Switchover, originator: Originator, report: ConnectReport) -> None:
    """Report that checks failed. The message differs for a connected number, whose STOPs may be lost now."""
    if originator.settings.self_managed and originator.settings.sends_to(switchover.route.topic):
        report.say(
            f"{originator.identity} is connected already, and its STOPs may be lost: correct the above, or run "
            f'"sms-consent disconnect {originator.identity}" to have AWS honour them.',
            "bold red",
        )
    else:
        report.say(
            "Nothing was changed. A check that could not be made can be accepted by its name, with --accept.",
            "bold red",
        )


def _report_owner(switchover: Switchover, originator: Originator, report: ConnectReport) -> None:
    """Report who honours STOP now, if AWS returns it."""
    try:
        now = switchover.originators.refresh(originator).settings
    except (BotoCoreError, ClientError):
        return
    if not now.self_managed:
        report.honoured_by = "AWS"
    elif now.sends_to(switchover.route.topic):
        report.honoured_by = "the stack"
    else:
        report.honoured_by = "another system"
    report.connected = now.self_managed and is_safe(now, switchover.route.topic, now.list_name)


def _reason(error: Exception) -> str:
    """Return the error without AWS's message, which may quote input."""
    if isinstance(error, ClientError):
        reason = error.response.get("Reason")
        return f"{error.operation_name}: {error.response['Error'].get('Code')}" + (f" ({reason})" if reason else "")
    return str(error) or type(error).__name__
