"""The events in events/ have the form that Lambda receives, and their numbers belong to no one."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import SnsModel, SnsNotificationModel, SqsModel

EVENTS = Path(__file__).parents[4] / "events"
FILES = sorted(EVENTS.glob("*.json"))
QUEUED = [file for file in FILES if file.stem in {"batch_with_bad_record", "rcs_event_and_keyword"}]
DIRECT = [file for file in FILES if file not in QUEUED]
FICTION = re.compile(r"\+1[2-9][0-9]{2}55501[0-9]{2}")
OTHERS = {"whatsapp", "delivery_event", "rcs_delivery_event"}
"""Events of other channels."""
COMPLETE = {
    "originationNumber",
    "destinationNumber",
    "messageKeyword",
    "messageBody",
    "inboundMessageId",
    "previousPublishedMessageId",
}


def records(file: Path) -> list[dict[str, Any]]:
    """The records of an event, as they stand."""
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["Records"]
    return found


def notifications(file: Path) -> list[dict[str, Any]]:
    """The SNS notifications in an event, whichever way they came."""
    return [record["Sns"] if "Sns" in record else json.loads(record["body"]) for record in records(file)]


def payload(name: str) -> dict[str, Any]:
    """The one inbound text of an SNS event."""
    text: dict[str, Any] = json.loads(notifications(EVENTS / f"{name}.json")[0]["Message"])
    return text


def test_there_is_one_file_a_situation() -> None:
    """Every situation that the README lists has its file, and no file is unlisted."""
    listed = set(re.findall(r"^\| `(\w+\.json)`", (EVENTS / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {file.name for file in FILES}
    assert len(FILES) == 22


@pytest.mark.parametrize("file", DIRECT, ids=lambda file: file.stem)
def test_an_sns_event_is_complete(file: Path) -> None:
    """It has every field that SNS sends to Lambda, in the spelling of that way."""
    SnsModel.model_validate_json(file.read_text(encoding="utf-8"))
    (record,) = records(file)
    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert set(record["Sns"]) == {
        *("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature"),
        *("SigningCertUrl", "UnsubscribeUrl", "MessageAttributes"),
    }
    assert record["EventSubscriptionArn"].startswith(record["Sns"]["TopicArn"] + ":")


@pytest.mark.parametrize(("event", "count"), list(zip(QUEUED, (4, 2), strict=True)), ids=lambda value: str(value)[-30:])
def test_the_sqs_event_is_complete_and_each_body_a_notification(event: Path, count: int) -> None:
    """Raw delivery is off, so that the timestamp is there; SNS spells two fields differently to a queue."""
    assert len(SqsModel.model_validate_json(event.read_text(encoding="utf-8")).Records) == count
    for record in records(event):
        assert set(record) == {
            *("messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody"),
            *("eventSource", "eventSourceARN", "awsRegion"),
        }
        notification = json.loads(record["body"])
        assert {"SigningCertURL", "UnsubscribeURL"} < set(notification)
        SnsNotificationModel.model_validate(notification)


@pytest.mark.parametrize("event", QUEUED, ids=lambda file: file.stem)
def test_the_digest_of_a_queued_body_is_its_own(event: Path) -> None:
    """SQS sends the MD5 of the body as it is, byte for byte."""
    for record in records(event):
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("event", QUEUED, ids=lambda file: file.stem)
def test_a_queued_body_was_sent_after_it_was_published(event: Path) -> None:
    """The queue's times follow the topic's."""
    for record in records(event):
        published = datetime.fromisoformat(json.loads(record["body"])["Timestamp"])
        sent, received = (
            datetime.fromtimestamp(int(record["attributes"][name]) / 1000, UTC)
            for name in ("SentTimestamp", "ApproximateFirstReceiveTimestamp")
        )
        assert published < sent < received


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_timestamp_has_milliseconds_and_lies_in_november_2026(file: Path) -> None:
    """SNS writes three digits and a Z."""
    for notification in notifications(file):
        assert re.fullmatch(r"2026-11-(0[1-9]|1[0-9]|2[01])T\d\d:\d\d:\d\d\.\d{3}Z", notification["Timestamp"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_numbers_are_reserved_for_fiction(file: Path) -> None:
    """The ranges 555-0100 to 555-0199 are reserved for fiction."""
    text = file.read_text(encoding="utf-8")
    assert all(FICTION.fullmatch(number) for number in re.findall(r"\+[1-9][0-9]*", text))
    values = re.findall(r"(?:origination|destination)Number[^\w+]+((?:\+|rcs-)?\w+)", text)
    assert values or file.stem in OTHERS
    rcs = re.compile(r"rcs-[0-9a-f]{32}|1[2-9][0-9]{2}55501[0-9]{2}")
    assert all(FICTION.fullmatch(value) or rcs.fullmatch(value) for value in values)


def test_every_id_is_used_once() -> None:
    """All files can be run one after the other without one being taken for another's repetition."""
    ids = [notification["MessageId"] for file in FILES for notification in notifications(file)]
    ids += [record["messageId"] for file in FILES for record in records(file) if "messageId" in record]
    ids += re.findall(
        r"inboundMessageId\W+([0-9a-f-]{36})", "".join(file.read_text(encoding="utf-8") for file in FILES)
    )
    assert len(ids) == len(set(ids))


def test_start_is_from_the_person_of_stop_and_later() -> None:
    """Run in turn, the two take somebody off the list again."""
    stop, start = (notifications(EVENTS / f"{name}.json")[0] for name in ("stop", "start"))
    assert payload("start")["originationNumber"] == payload("stop")["originationNumber"]
    assert stop["Timestamp"] < start["Timestamp"]


def test_no_other_two_texts_are_from_one_person() -> None:
    """No file changes what another is to show."""
    later = {"start", "rcs_subscribe"}
    senders = [
        sender.lstrip("+")
        for file in FILES
        if file.stem not in later
        for sender in set(re.findall(r"originationNumber\W+(\+?\d+)", file.read_text(encoding="utf-8")))
    ]
    assert len(senders) == len(set(senders)) == 19


@pytest.mark.parametrize("name", ["stop", "stop_mixed_case", "arret", "start", "help", "ordinary"])
def test_an_sms_has_every_field_that_aws_documents(name: str) -> None:
    """docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html"""
    assert set(payload(name)) == COMPLETE


def test_the_rcs_text_has_no_optional_field_and_an_agent_as_its_destination() -> None:
    """docs.aws.amazon.com/sms-voice/latest/userguide/rcs-inbound.html"""
    text = payload("rcs")
    assert set(text) == COMPLETE - {"messageKeyword", "previousPublishedMessageId"}
    assert text["destinationNumber"].startswith("rcs-")
    assert text["messageBody"] == "STOP"


@pytest.mark.parametrize(
    ("name", "body"),
    [("stop", "STOP"), ("stop_mixed_case", " Stop. "), ("arret", "ARRET"), ("start", "START"), ("help", "HELP")],
)
def test_a_file_holds_the_text_it_is_named_for(name: str, body: str) -> None:
    """The white space is part of the case."""
    assert payload(name)["messageBody"] == body


def test_the_batch_has_one_text_without_a_sender() -> None:
    """The other three can be read."""
    texts = [json.loads(each["Message"]) for each in notifications(EVENTS / "batch_with_bad_record.json")]
    assert ["originationNumber" in text for text in texts] == [True, False, True, True]


def test_the_unreadable_text_is_cut_off() -> None:
    """The envelope is sound; what it carries is no JSON."""
    with pytest.raises(json.JSONDecodeError):
        payload("unreadable")


@pytest.mark.parametrize("file", [each for each in DIRECT if each.stem.startswith("rcs_")], ids=lambda file: file.stem)
def test_rcs_content_is_json_in_the_body(file: Path) -> None:
    """docs.aws.amazon.com/sms-voice/latest/userguide/rcs-events.html; the sender has no plus."""
    text = payload(file.stem)
    if file.stem in OTHERS:
        assert "messageBody" not in text
        return
    assert re.fullmatch(r"1\d{10}", text["originationNumber"])
    assert isinstance(json.loads(text["messageBody"]), dict)
