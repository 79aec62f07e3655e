"""Deliver one event to the stack, and collect each text's result from ledger, list, sent texts and dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.exceptions import ClientError

import moto_sms_voice
from moto_sms_voice.pinpointsmsvoicev2.models import SentText
from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList
from sms_consent.adapters.sqs.dead_letters import REASON
from sms_consent.domain.consent import Listing
from sms_consent.domain.reply import ReplyKind
from sms_consent.queries.history import Entry, page_of
from sms_consent_cli.local.assembly import Local
from sms_consent_cli.local.aws_environment import ACCOUNT, REGION
from sms_consent_cli.local.event_files import EventFile, Record, Way
from sms_consent_cli.local.event_result import EventResult
from sms_consent_cli.local.function import FunctionFailed

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

__all__ = ["run_event"]


def run_event(local: Local, file: EventFile) -> list[EventResult]:
    """Deliver an event, wait until all its work is done, and return the result of each record."""
    failure = _deliver(local, file)
    local.stack.settle()
    put_aside = [*_dead_lettered(local), *_still_queued(local)]
    return [_result(local, record, _problem(record, put_aside) or failure) for record in file.records]


def _deliver(local: Local, file: EventFile) -> str | None:
    """Deliver an event. Return why it failed as a whole, or None."""
    try:
        if file.way is Way.SNS:
            local.stack.notify(file.event)
        else:
            _send(local, file.records)
    except FunctionFailed as error:
        return f"{error}; Lambda gave up after three attempts"
    except ClientError as error:
        return f"the queue refused it: {error.response['Error'].get('Code')}"
    return None


def _send(local: Local, records: Sequence[Record]) -> None:
    """Send the records to the queue, so that partial failures, visibility and redrive follow the template."""
    sqs = boto3.client("sqs")
    for record in records:
        attributes: Mapping[str, Any] = {
            name: {"DataType": value.get("dataType", "String"), "StringValue": value["stringValue"]}
            for name, value in record.attributes.items()
            if isinstance(value, dict) and isinstance(value.get("stringValue"), str)
        }
        sqs.send_message(QueueUrl=local.queue_url, MessageBody=record.body, MessageAttributes=attributes)


def _dead_lettered(local: Local) -> list[tuple[str, str]]:
    """Remove and return the messages in the dead-letter queue, each with its reason."""
    found = []
    for message in _taken_out(local.dead_letter_queue_url):
        attributes = message.get("MessageAttributes", {})
        reason = attributes[REASON].get("StringValue") if REASON in attributes else None
        found.append((message["Body"], reason or "moved without a reason"))
    return found


def _still_queued(local: Local) -> list[tuple[str, str]]:
    """Remove and return the messages that failed at every delivery, after their visibility timeout."""
    sqs = boto3.client("sqs")
    name: Literal["VisibilityTimeout"] = "VisibilityTimeout"
    hidden: Literal["ApproximateNumberOfMessagesNotVisible"] = "ApproximateNumberOfMessagesNotVisible"
    attributes = sqs.get_queue_attributes(QueueUrl=local.queue_url, AttributeNames=[name, hidden])["Attributes"]
    if int(attributes[hidden]):
        local.stack.time.advance(timedelta(seconds=int(attributes[name]) + 1))
    reason = "failed at every delivery, and would be delivered again"
    return [(message["Body"], reason) for message in _taken_out(local.queue_url)]


def _taken_out(queue_url: str) -> Iterator[MessageTypeDef]:
    sqs = boto3.client("sqs")
    while messages := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        for message in messages:
            yield message
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


def _problem(record: Record, put_aside: list[tuple[str, str]]) -> str | None:
    for place, (body, reason) in enumerate(put_aside):
        if _content(body) == _content(record.body):
            del put_aside[place]
            return reason
    return None


def _content(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def _result(local: Local, record: Record, problem: str | None) -> EventResult:
    if problem is not None or record.text is None or record.text.number is None:
        return EventResult(record=record, problem=problem)
    number = record.text.number.e164
    ledger = DynamoLedger(boto3.client("dynamodb"), local.table)
    sender = ledger.sender(record.text.destination)
    list_name = sender.list_name if sender is not None else local.opt_out_list
    consent = ledger.consent(number, list_name)
    result = EventResult(record=record, consent=consent, listing=_listing(number, list_name))
    entry = _entry(DynamoConsentQueries(boto3.client("dynamodb"), local.table), number, record.text.id)
    if entry is None:
        return result
    threads = [ledger.thread(kind, number) for kind in (ReplyKind.HELP, ReplyKind.ASK)]
    answers = [thread.answer for thread in threads if thread is not None]
    if consent is not None and consent.answer is not None:
        answers.append(consent.answer)
    return replace(
        result,
        decision=entry.decision,
        outcome=entry.outcome,
        reply=next((text for text in _sent() if text.context.get("decision") == entry.decision.id), None),
        answer=next((answer for answer in answers if answer.decision_id == entry.decision.id), None),
    )


def _entry(register: DynamoConsentQueries, number: str, decision_id: str) -> Entry | None:
    token: str | None = None
    while True:
        page = page_of(register, number, size=100, token=token)
        for entry in page.entries:
            if entry.decision.id == decision_id:
                return entry
        if page.next is None:
            return None
        token = page.next


def _sent() -> list[SentText]:
    return moto_sms_voice.backend(ACCOUNT, REGION).sent_texts()


def _listing(number: str, list_name: str) -> Listing | None:
    return AwsOptOutList(boto3.client("pinpoint-sms-voice-v2")).find(number, list_name)
