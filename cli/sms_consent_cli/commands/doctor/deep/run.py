"""The checks of a deployment, in order. All but the two that are requested by option are read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.domain.errors import ConsentError
from sms_consent_cli.commands.doctor.deep import delivery, numbers, running
from sms_consent_cli.commands.doctor.deep.api_probe import ApiProbe
from sms_consent_cli.commands.doctor.deep.aws import Missing, NoAnswer
from sms_consent_cli.commands.doctor.deep.context import CheckContext
from sms_consent_cli.commands.doctor.deep.end_to_end import send_test_stop
from sms_consent_cli.commands.doctor.deep.finding import Fault, Finding, failed, passed, unknown
from sms_consent_cli.commands.doctor.deep.report import CheckResults
from sms_consent_cli.shared.deployment import Deployment, NotFound

__all__ = ["CHECKS", "run_checks"]

_LEDGER = frozenset({"BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"})
"""Calls of the ledger. All others that are not made through ``Aws`` belong to the opt-out list API."""

Check = Callable[[CheckContext], Iterator[Finding]]


def caller(context: CheckContext) -> Iterator[Finding]:
    """Check the caller's identity and region."""
    identity = context.aws.call("sts", "GetCallerIdentity")
    yield passed(f"{identity['Arn']} checks the stack {context.stack} in {context.names.region}")


CHECKS: Mapping[str, Check] = {
    "caller": caller,
    "topic": delivery.topic,
    "subscription": delivery.subscription,
    "queues": delivery.queues,
    "encryption": delivery.encryption,
    "dead letters": delivery.dead_letters,
    "event sources": delivery.event_sources,
    "numbers": numbers.numbers,
    "lists": numbers.lists,
    "account": numbers.account,
    "schedules": running.schedules,
    "activity": running.activity,
    "alarms": running.alarms,
    "concurrency": running.concurrency,
    "versions": running.versions,
}
"""By name, in their order."""


def run_checks(deployment: Deployment, results: CheckResults, wait: float | None, *, learn: bool) -> None:
    """Add the findings of each check. A check that cannot be made is UNKNOWN, and the others continue.

    ``wait`` is the time limit of the test STOP in seconds; None for no test STOP.
    """
    context = CheckContext(deployment)
    for name, check in CHECKS.items():
        results.add(name, _guarded(check(context)))
    if wait is not None:
        results.add("test STOP", _guarded(send_test_stop(deployment, wait)))
    if learn:
        probe = ApiProbe(deployment)
        results.add("learn", _guarded(probe.run()))
        results.observations = probe.observations


def _guarded(found: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from found
    except NoAnswer as error:
        yield unknown(str(error), error.fix)
    except Fault as error:
        yield failed(str(error), error.fix)
    except NotFound as error:
        yield unknown(str(error), "Deploy this version of the stack.")
    except Missing as error:
        yield unknown(f"AWS answered with {error}", "Check that the stack is complete.")
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        prefix = "dynamodb" if error.operation_name in _LEDGER else "sms-voice"
        yield unknown(
            f"{prefix}:{error.operation_name} was answered with {code}", f"Allow {prefix}:{error.operation_name}."
        )
    except (BotoCoreError, ConsentError) as error:
        yield unknown(f"no answer: {type(error).__name__}", "Check the network, and run this again.")
