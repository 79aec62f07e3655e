"""Each function has exactly the permissions that it needs: computed from template.yaml and its calls."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import pytest
from support.api_function import api_for_now
from support.inbound_function import Inbound, inbound_function
from support.lambda_context import Context
from support.notify_function import notify_beside
from support.policies import DONE, Permission, granted
from support.reconcile_function import reconcile_beside
from support.retention_function import retention_function
from support.template import resources

from handlers.inbound import container
from sms_consent.adapters.clock import SystemClock
from sms_consent.domain.ports import Sender

BY_THE_PLATFORM = {
    "sqs:ReceiveMessage": "Lambda's poller reads the queue in the function's name",
    "sqs:GetQueueAttributes": "and to scale",
    "dynamodb:DescribeStream": "Lambda's poller reads the ledger's stream in the function's name",
    "dynamodb:GetRecords": "the same",
    "dynamodb:GetShardIterator": "the same",
    "dynamodb:ListStreams": "and looks whether it is there, when the mapping is made",
    "logs:CreateLogStream": "Lambda writes what the function prints",
    "logs:PutLogEvents": "the same",
    "xray:PutTraceSegments": "Lambda writes traces in the function's name, where tracing is enabled",
    "xray:PutTelemetryRecords": "the same",
    "kms:Decrypt": "SQS decrypts in the caller's name, and so does DynamoDB",
    "kms:GenerateDataKey": "SQS encrypts in the caller's name",
}
"""Permissions that a function's code never uses itself."""


AGENT = "rcs-2"


def _configure_agent(inbound: Inbound) -> None:
    """An agent that replies by SendRcsMessage."""
    inbound.configure(Sender(identity=AGENT, list_name="Default", reply_from=AGENT))


def _inbound(inbound: Inbound) -> None:
    inbound.hear("STOP")
    inbound.world.pass_time(minutes=1)
    inbound.hear("START", inboundMessageId="b")
    inbound.hear("HELP", inboundMessageId="c")
    inbound.hear("STOP", inboundMessageId="d", destinationNumber="pool-1", originationNumber="+14255550183")
    inbound.hear("STOP", inboundMessageId="e", destinationNumber="rcs-1", originationNumber="+14255550184")
    _configure_agent(inbound)
    inbound.hear("STOP", inboundMessageId="e2", destinationNumber=AGENT, originationNumber="+14255550185")
    inbound.run(inbound.queued("5"))
    _received_four_times(inbound)
    for last in range(6):  # more than an environment may send before it reserves replies
        inbound.hear("HELP", inboundMessageId=f"help-{last}", originationNumber=f"+1425555019{last}")
        inbound.world.pass_time(seconds=2)
    # An opt-in that must wait, of a number that may not be on the list at all: the function looks.
    inbound.world.pass_time(minutes=1)
    inbound.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    inbound.hear("STOP", inboundMessageId="f")
    inbound.world.pass_time(minutes=1)
    inbound.hear("START", inboundMessageId="g")


def _received_four_times(inbound: Inbound) -> None:
    """Beside a finished one: that is deleted first."""
    with patch.object(container().inbound_batch._inbound, "classify", side_effect=ZeroDivisionError):
        inbound.send({"originationNumber": "+14255550189", "destinationNumber": "+12125550101", "messageBody": "STOP"})
        inbound.deliver()
        for _ in range(2):
            inbound.redeliver()
    inbound.send({"originationNumber": "+14255550190", "destinationNumber": "+12125550101", "messageBody": "STOP"})
    inbound.redeliver()


def _deletion_in_doubt(inbound: Inbound, number: str) -> None:
    inbound.hear("STOP", inboundMessageId="f" + number[-4:], originationNumber=number)
    inbound.world.pass_time(minutes=1)
    inbound.world.backend.fail_next("DeleteOptedOutNumber", "InternalServerException", 1, after_effect=True)
    inbound.hear("START", inboundMessageId="g" + number[-4:], originationNumber=number)


def _sweep(inbound: Inbound) -> None:
    from handlers.sweep import handler

    container.cache_clear()
    _configure_agent(inbound)
    for last, destination in enumerate(("+12125550101", "pool-1", "rcs-1", AGENT)):
        operation = "SendRcsMessage" if destination == AGENT else "SendTextMessage"
        inbound.world.backend.fail_next(operation, "ThrottlingException", 1)
        person = f"+1425555017{last}"  # one person is sent no more than three such replies in an hour
        inbound.hear(
            "HELP", inboundMessageId=f"help-{destination}", destinationNumber=destination, originationNumber=person
        )
        inbound.world.pass_time(seconds=5)
    inbound.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    inbound.hear("STOP", inboundMessageId="put", originationNumber="+14255550187")
    inbound.hear("STOP")
    _deletion_in_doubt(inbound, "+14255550186")
    inbound.world.pass_time(minutes=1)
    inbound.world.backend.fail_next("DeleteOptedOutNumber", "ThrottlingException", 1)
    inbound.hear("START", inboundMessageId="later")
    inbound.world.pass_time(minutes=10)
    waited = inbound.world.time.shift
    with patch.object(SystemClock, "sleep", lambda _, seconds: waited(seconds)):
        handler({}, Context(milliseconds=60_000))  # type: ignore[arg-type]  # the members that the handler uses
    container.cache_clear()


def _retention(inbound: Inbound) -> None:
    inbound.hear("STOP")
    inbound.world.pass_time(days=31)
    with pytest.MonkeyPatch.context() as monkeypatch, retention_function(monkeypatch) as run:
        run()


def _api(inbound: Inbound) -> None:
    _configure_agent(inbound)
    for destination, person in (("+12125550101", "183"), ("pool-1", "184"), ("rcs-1", "185"), (AGENT, "186")):
        # The reply that a text left due goes out with the next that is done for its number, here a repeated request.
        operation = "SendRcsMessage" if destination == AGENT else "SendTextMessage"
        inbound.world.backend.fail_next(operation, "ThrottlingException", 1)
        person = "+14255550" + person
        inbound.hear("STOP", inboundMessageId=person, destinationNumber=destination, originationNumber=person)
        inbound.world.pass_time(seconds=10)
        with api_for_now(inbound.world) as api:
            api.items("add", person, request_id=person)
            api.items("add", person, request_id=person)
            api.get(f"/numbers/{person}")
    inbound.world.backend.fail_next("DeleteOptedOutNumber", "ThrottlingException", 1)
    inbound.hear("START", inboundMessageId="start", originationNumber="+14255550189")
    inbound.world.pass_time(seconds=10)
    with api_for_now(inbound.world) as api:
        api.items("remove", "+14255550189", request_id="start")
    inbound.hear("STOP")
    inbound.world.pass_time(minutes=1)
    inbound.world.backend.fail_next("DeleteOptedOutNumber", "InternalServerException", 1, after_effect=True)
    with api_for_now(inbound.world) as api:
        api.items("remove", request_id="once")
        inbound.world.pass_time(minutes=10)
        api.items("remove", request_id="again")


def _notify(inbound: Inbound) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, notify_beside(inbound, monkeypatch) as notify:
        inbound.hear("STOP")
        notify.run()
        notify.run([{}])


def _reconcile(inbound: Inbound) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, reconcile_beside(inbound.world, monkeypatch) as reconcile:
        inbound.world.aws.put_opted_out_number(OptOutListName="Default", OptedOutNumber="+14255550188")
        reconcile.run()


SCENARIOS: dict[str, Callable[[Inbound], None]] = {
    "ApiFunction": _api,
    "InboundFunction": _inbound,
    "NotifyFunction": _notify,
    "ReconcileFunction": _reconcile,
    "RetentionFunction": _retention,
    "SweepFunction": _sweep,
}


def test_every_function_has_a_scenario() -> None:
    """A new function is held against its policy too."""
    assert set(SCENARIOS) == set(resources("AWS::Serverless::Function"))


@pytest.mark.parametrize("function", sorted(SCENARIOS))
def test_every_permission_is_used(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission that nothing needs is only of use to somebody else."""
    DONE[function].clear()
    monkeypatch.setenv("REPLY_CONFIGURATION_SET", "receipts")
    with inbound_function(monkeypatch) as inbound:
        inbound.world.backend.add_configuration_set("receipts")
        SCENARIOS[function](inbound)
    unused = {each for each in granted(function) if each.action not in BY_THE_PLATFORM} - DONE[function].keys()
    assert unused == set()


def test_a_call_without_permission_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself is one: without its permission, a STOP cannot be put."""
    put = Permission("sms-voice:PutOptedOutNumber", "OptOutList")
    without = granted("InboundFunction") - {put}
    monkeypatch.setattr("support.policies.granted", lambda _: without)
    with inbound_function(monkeypatch) as inbound:
        assert inbound.hear("STOP") == ["record-0"]
        assert not inbound.world.listed()
