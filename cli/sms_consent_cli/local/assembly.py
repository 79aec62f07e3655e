"""Composition of the local stack from moto, the emulator and the template."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import boto3
from moto import mock_aws

import moto_sms_voice
import sms_consent
from sms_consent.adapters.dynamodb.due_index import DueIndex
from sms_consent_cli.local import moto_ledger, moto_memory, moto_order, moto_queue
from sms_consent_cli.local.demo_numbers import Originators
from sms_consent_cli.local.deployment import Deployment, deploy, function_of
from sms_consent_cli.local.errors import LocalError
from sms_consent_cli.local.function import Function
from sms_consent_cli.local.local_time import LocalTime
from sms_consent_cli.local.queue_source import QueueSource
from sms_consent_cli.local.registered_functions import register
from sms_consent_cli.local.schedule import Schedule, interval_of
from sms_consent_cli.local.stack import INBOUND, SWEEP, LocalStack, Source
from sms_consent_cli.local.stream_source import StreamSource
from sms_consent_cli.shared.resources import resource_path

__all__ = ["Local", "assemble"]

SQS_ARN, DYNAMODB_ARN = "arn:aws:sqs:", "arn:aws:dynamodb:"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Local:
    """A running local stack and the names of its parts."""

    stack: LocalStack
    originators: Originators
    topic_arn: str
    queue_url: str
    dead_letter_queue_url: str
    table: str
    opt_out_list: str
    access_keys: str | None  # the secret


def assemble(template: Path, parameters: Mapping[str, str], numbers: Iterable[str]) -> Local:
    """Create the whole stack. Call ``isolate`` first. Raises LocalError."""
    time = LocalTime()
    moto_sms_voice.install()
    moto_ledger.patch()
    moto_memory.patch()
    moto_order.patch()
    moto_queue.patch()
    mock_aws().start()
    deployment = deploy(template, parameters)
    _check_core(deployment)
    register(deployment)
    functions = _functions(deployment)
    for needed in (INBOUND, SWEEP):
        if needed not in functions:
            raise LocalError(f"{template} has no function {needed}: --template names another template")
        functions[needed].load()
    _patch_sleep(time)
    table, opt_out_list = deployment.output("LedgerTableName"), deployment.output("OptOutListName")
    originators = Originators(deployment.output("TopicArn"), opt_out_list)
    for number in numbers:
        originators.add(number)
    return Local(
        stack=LocalStack(
            time=time,
            functions=functions,
            sources=_sources(deployment, functions, time),
            schedules=_schedules(deployment, time),
            due_index=DueIndex(boto3.client("dynamodb"), table),
        ),
        originators=originators,
        topic_arn=deployment.output("TopicArn"),
        queue_url=deployment.output("QueueUrl"),
        dead_letter_queue_url=deployment.output("DeadLetterQueueUrl"),
        table=table,
        opt_out_list=opt_out_list,
        access_keys=deployment.outputs.get("AccessKeySecretArn"),
    )


def _check_core(deployment: Deployment) -> None:
    """Raise LocalError if the functions' code is in another folder than this command's, whose modules are loaded already."""
    ours = Path(sms_consent.__path__[0])
    for code in set(deployment.code.values()) - {resource_path("functions")}:
        theirs = code / ours.name
        if theirs.is_dir() and not theirs.samefile(ours):
            raise LocalError(f"{theirs} is not the code of this command ({ours}): use the sms-consent of that checkout")


def _functions(deployment: Deployment) -> dict[str, Function]:
    return {
        name: Function(name, deployment.values[name], deployment.code[name])
        for name, resource in deployment.run_here.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def _sources(deployment: Deployment, functions: Mapping[str, Function], time: LocalTime) -> list[Source]:
    """Return the event sources, queues before streams: events of a text's changes are published in the same round."""
    queues: list[Source] = []
    streams: list[Source] = []
    sqs = boto3.client("sqs")
    for name, resource in deployment.run_here.items():
        if resource["Type"] != "AWS::Lambda::EventSourceMapping":
            continue
        function = functions[function_of(resource["Properties"]["FunctionName"], deployment.run_here)]
        values = deployment.values[name]
        if values["EventSourceArn"].startswith(SQS_ARN):
            queues.append(QueueSource(sqs, function, values))
        elif values["EventSourceArn"].startswith(DYNAMODB_ARN):
            streams.append(StreamSource(sqs, time, function, values))
        else:
            logger.warning("%s is not run: the local stack supports queues, streams and schedules", name)
    return [*queues, *streams]


def _schedules(deployment: Deployment, time: LocalTime) -> list[Schedule]:
    schedules = []
    for name, resource in deployment.run_here.items():
        properties = resource["Properties"]
        match resource["Type"]:
            case "AWS::Events::Rule":
                (target,) = properties["Targets"]
                function = function_of(target["Arn"], deployment.run_here)
            case "AWS::Scheduler::Schedule":
                function = function_of(properties["Target"]["Arn"], deployment.run_here)
            case _:
                continue
        interval = interval_of(properties.get("ScheduleExpression", ""))
        if interval is None:
            logger.warning("%s is not run: the local stack supports only rate expressions", name)
        else:
            schedules.append(Schedule(function, interval, time.now()))
    return schedules


def _patch_sleep(time: LocalTime) -> None:
    """Make waits of the functions advance the local time instead of taking real time."""
    from sms_consent.adapters.clock import SystemClock

    def sleep(_self: SystemClock, seconds: float) -> None:
        time.advance(timedelta(seconds=seconds))

    # The handlers create their own clocks, so the class is patched.
    setattr(SystemClock, "sleep", sleep)  # noqa: B010  an assignment to a method is what the types forbid
