"""Decides how a switchover runs from its checks to its end, and what is said where it stops."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.domain.errors import ConsentError
from sms_consent_cli.commands.connect.delivery_check import Unheard
from sms_consent_cli.commands.connect.originators import Originator, Unmoved
from sms_consent_cli.commands.connect.plan import Step, is_safe
from sms_consent_cli.commands.connect.report import Report, telling
from sms_consent_cli.commands.connect.switchover import Examined, Stopped, Switchover, Wishes
from sms_consent_cli.commands.connect.transfer import Incomplete

__all__ = ["DONE", "STOPPED", "connect", "disconnect"]

DONE, STOPPED, FAILED = 0, 1, 3


def connect(switchover: Switchover, originator: Originator, wishes: Wishes, report: Report) -> int:
    """The exit code: 0 connected, or recorded and due; 1 stopped where AWS or the stack honours STOP, 3 no answer."""
    examined = switchover.examine(originator)
    stops = [check.name for check in report.checks if check.stops(wishes.accepted)]
    _who(switchover, originator, report)
    if examined is None or stops:
        _held(switchover, originator, report)
        return STOPPED
    if not examined.steps:
        report.say(f"{originator.identity} is connected: the stack honours STOP. There is nothing to do.", "green")
        return DONE
    code = _carry_out(switchover, examined, wishes, report)
    if code == DONE and not wishes.dry_run and not report.due:
        report.say(f"{originator.identity} is connected: the stack honours STOP.", "bold green")
    return code


def disconnect(switchover: Switchover, originator: Originator, wishes: Wishes, report: Report) -> int:
    """Likewise; 0 once AWS honours STOP."""
    examined = switchover.examine_back(originator)
    stops = [check.name for check in report.checks if check.stops(wishes.accepted)]
    _who(switchover, originator, report)
    if examined is None or stops:
        report.say("Nothing has been changed.", "bold red")
        return STOPPED
    code = _carry_out(switchover, examined, wishes, report)
    if code == DONE and not wishes.dry_run and not report.due:
        report.say(
            f"{originator.identity} is AWS's again: it honours STOP, and keeps {examined.target.name}.", "bold green"
        )
    return code


def _carry_out(switchover: Switchover, examined: Examined, wishes: Wishes, report: Report) -> int:
    """Step by step. Where one fails, what has been done stays; the next run goes on from there."""
    for step in examined.steps:
        what = telling(step, examined)
        if wishes.dry_run:
            report.stepped(step, what, "planned")
            continue
        try:
            with report.doing(what):
                examined = switchover.carry_out(examined, step)
        except Incomplete as incomplete:
            report.due = incomplete.left
            report.stepped(step, f"{what}: {incomplete}", "due")
            _stays(switchover, examined, report)
            return DONE
        except (Unheard, Unmoved, Stopped, ConsentError, BotoCoreError, ClientError) as error:
            report.failure = _reason(error)
            report.stepped(step, f"{what}: {report.failure}", "failed")
            _stays(switchover, examined, report)
            return FAILED if isinstance(error, (BotoCoreError, ClientError, ConsentError)) else STOPPED
        report.stepped(step, switchover.proof if step is Step.TRIAL and switchover.proof else what, "done")
    _who(switchover, examined.originator, report)
    return DONE


def _stays(switchover: Switchover, examined: Examined, report: Report) -> None:
    _who(switchover, examined.originator, report)
    report.say(
        f"{report.honoured_by or 'AWS, or the stack if it did before,'} honours STOP. "
        "What is done stays; run this again to go on.",
        "bold",
    )


def _held(switchover: Switchover, originator: Originator, report: Report) -> None:
    """A number that is connected already, while something is wrong, is in danger: that must not read like a refusal."""
    if originator.handling.self_managed and originator.handling.heard_on(switchover.route.topic):
        report.say(
            f"{originator.identity} is connected already, and its STOPs may be lost: mend the above, or run "
            f'"sms-consent disconnect {originator.identity}" to have AWS honour them.',
            "bold red",
        )
    else:
        report.say(
            "Nothing has been changed. What cannot be told from here can be accepted by name, with --accept.",
            "bold red",
        )


def _who(switchover: Switchover, originator: Originator, report: Report) -> None:
    """As far as AWS says so now."""
    try:
        now = switchover.originators.again(originator).handling
    except (BotoCoreError, ClientError):
        return
    if not now.self_managed:
        report.honoured_by = "AWS"
    elif now.heard_on(switchover.route.topic):
        report.honoured_by = "the stack"
    else:
        report.honoured_by = "another system"
    report.connected = now.self_managed and is_safe(now, switchover.route.topic, now.list_name)


def _reason(error: Exception) -> str:
    """Nothing that AWS may have quoted."""
    if isinstance(error, ClientError):
        reason = error.response.get("Reason")
        return f"{error.operation_name}: {error.response['Error'].get('Code')}" + (f" ({reason})" if reason else "")
    return str(error) or type(error).__name__
