"""RCS content in a message body, and events of other kinds on the topic: their effect and their cost."""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.inbound_function import Inbound
from support.world import LIST, OURS, PERSON

from handlers.inbound import container
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.bootstrap.observability import logger
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Decision
from sms_consent.domain.ports import Sender
from sms_consent.domain.time import as_text

AGENT = "rcs-0f3a9c1d7b5e48260a1b2c3d4e5f6071"
BARE = PERSON.removeprefix("+")  # RCS payloads give the person's number without its plus
IDS = (f"{BARE}-2026-11-03T14:00:{at:02}.937+0000" for at in itertools.count())


@contextmanager
def _calls() -> Iterator[Counter[str]]:
    """Count every request to AWS."""
    calls: Counter[str] = Counter()
    made = [clients.dynamodb(), clients.sms_voice(), clients.queues()]

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    for client in made:
        client.meta.events.register("before-call", count)
    try:
        yield calls
    finally:
        for client in made:
            client.meta.events.unregister("before-call", count)


def _message(body: object, **payload: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    message = {"originationNumber": BARE, "destinationNumber": AGENT, "messageBody": text}
    return message | {"inboundMessageId": next(IDS)} | payload


def _receive(inbound: Inbound, *bodies: object) -> None:
    """Deliver messages to the agent, a second apart."""
    for body in bodies:
        inbound.world.pass_time(seconds=1)
        assert inbound.run(inbound.queued(_message(body))) == []


def _metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    counted: Counter[str] = Counter()
    for line in capsys.readouterr().out.splitlines():
        if "_aws" in line:
            entry = json.loads(line)
            described = entry["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            counted.update({each["Name"]: sum(entry[each["Name"]]) for each in described if each["Unit"] == "Count"})
    counted.pop("ColdStart", None)  # of the first test in this process
    return dict(counted)


def _set(monkeypatch: pytest.MonkeyPatch, postbacks: str) -> None:
    monkeypatch.setenv("SUGGESTION_POSTBACKS", postbacks)
    container.cache_clear()


def _status(inbound: Inbound) -> Status | None:
    consent = inbound.consent()
    return consent.status if consent is not None else None


def _decisions(inbound: Inbound) -> list[Decision]:
    register = DynamoConsentQueries(clients.dynamodb(), inbound.world.table)
    return [decision for decision, _, _ in register.decisions(PERSON, before=None, most=99)]


def _texted(inbound: Inbound) -> list[str]:
    return [text.body for text in inbound.world.backend.sent_texts() if text.to == PERSON]


def _agent(inbound: Inbound) -> None:
    """Give the emulated account an RCS agent that can answer."""
    inbound.world.backend.add_rcs_agent(AGENT, opt_out_list_name=LIST)


def _suggestion(text: object, postback: object = "x", **more: object) -> dict[str, object]:
    return {"type": "SUGGESTION", "text": text, "postbackData": postback, **more}


STARTED = {
    "startTime": "2026-11-03T14:00:00Z",
    "endTime": "2026-11-04T14:00:00Z",
    "conversationInitiatingMessageId": "m-1",
    "conversationInitiatingMessageType": "INBOUND",
}
FILE = {"mediaStatus": "SUCCESS", "s3Bucket": "stop", "s3Key": "unsubscribe/STOP.jpg", "mimeType": "image/jpeg"}

IGNORED: list[tuple[str, dict[str, object]]] = [
    ("RcsTyping", {"type": "RCS_TYPING", "receivedAt": "2026-11-03T14:00:00Z"}),
    ("RcsTyping", {"type": "typing", "text": "STOP"}),  # was not sent
    ("RcsConversationStarted", {"type": "CONVERSATION_STARTED", **STARTED}),
    ("RcsLocation", {"type": "LOCATION", "latitude": 47.6, "longitude": -122.3, "label": "Stop"}),
    ("RcsMedia", {**FILE, "fileName": "STOP"}),
    ("RcsMedia", {"mediaStatus": "UPLOAD_FAILED", "mimeType": "audio/ogg", **STARTED}),
    ("RcsSuggestion", _suggestion(None, None)),
    ("RcsSuggestion", _suggestion("Cancel appointment", "cancel")),
    ("RcsSuggestion", _suggestion("Bus stop", "stop:42", **STARTED)),
    ("RcsOther", {"type": "RCS_READ_RECEIPT", "message": "STOP"}),
    ("RcsOther", {"type": None}),
    ("RcsOther", {}),
    ("RcsUnreadable", '{"type":"SUGGESTION"'),  # type: ignore[list-item]  # as it arrives
    ("RcsUnreadable", "[5]"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("metric", "body"), IGNORED)
def test_what_asks_for_nothing_is_counted_and_costs_no_call(
    inbound: Inbound, capsys: pytest.CaptureFixture[str], metric: str, body: object
) -> None:
    """Typing events come by the dozen."""
    inbound.run(inbound.queued(_message("see you")))
    capsys.readouterr()
    with _calls() as calls:
        _receive(inbound, body)
    assert calls == {}
    counted = _metrics(capsys)
    assert counted.pop("TextsNone", 1) == 1
    assert counted == {metric: 1}
    assert inbound.dead_letters() == []


def test_an_event_without_text_is_not_counted_as_a_text(inbound: Inbound, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise every key that a person presses would be a text."""
    _receive(inbound, {"type": "RCS_TYPING"})
    assert "TextsNone" not in _metrics(capsys)


OPT_OUTS: list[tuple[str, str, object]] = [
    ("label:keyword:aws/STOP", "Stop", _suggestion("Stop", "keep")),
    ("label:keyword:fr/SE DESABONNER", "Se désabonner", _suggestion("Se d\u00e9sabonner", **STARTED)),
    ("event:UNSUBSCRIBE", "UNSUBSCRIBE", {"type": "UNSUBSCRIBE"}),
    ("event:UNSUBSCRIBE", "UNSUBSCRIBE", {"type": " rcs_unsubscribe ", **STARTED}),
    ("event:UNSUBSCRIBE", "UNSUBSCRIBE", {"eventType": "UNSUBSCRIBE", "text": "START"}),
    ("event:UNSUBSCRIBE", "UNSUBSCRIBE", {"userEvent": {"EventType": "unsubscribe"}}),
    ("content:keyword:aws/STOP", "stop", {"type": "SUBSCRIBE", "text": "stop"}),
    ("content:keyword:aws/STOP", "STOP", {"type": "NEW_IN_2027", "text": "STOP"}),
    ("content:keyword:aws/STOP", "STOP", {"type": ["SUGGESTION"], "text": "STOP"}),
    ("content:keyword:aws/STOP", "STOP", {"type": 5, "text": "STOP"}),
    ("content:keyword:aws/STOP", "STOP", {**FILE, "caption": "STOP"}),
    ("content:keyword:aws/STOP", "STOP", {**FILE, "text": "STOP"}),
    ("content:keyword:aws/STOP", "STOP", {"text": {"body": ["STOP"]}}),
    ("label:keyword:aws/STOP", "STOP", '{"type":"SUGGESTION","text":"STOP","text":"Yes"}'),
    ("label:keyword:aws/STOP", "STOP", '{"TYPE":"suggestion","text":"STOP","x":' + "[" * 90_000 + "]" * 90_000 + "}"),
    ("label:keyword:aws/STOP", "STOP", '{"type":"SUGGESTION","n":' + "1" * 9_000 + ',"text":"STOP"}'),
    ("label:keyword:aws/STOP", "STOP", '\ufeff {"type":"SUGGESTION","text":"STOP","x":"' + "y" * 200_000 + '"}'),
    ("label:keyword:aws/STOP", "STOP", '{"type":"SUGGESTION","text":"STOP","postbackData":"\\ud83d"}'),
    ("label:keyword:aws/STOP", "STOP", '{"type":"SUGGESTION","text":"STOP \\ud83d"}'),
    ("label:keyword:aws/STOP", "STOP", '{"type":"SUGGESTION","text":"STOP\n","x":NaN}'),
    ("keyword:aws/STOP", "STOP", "[STOP]"),
    ("keyword:aws/STOP", "STOP", '"STOP"'),
    ("keyword:aws/STOP", "STOP", "{STOP}"),
    ("keyword:aws/STOP", "STOP", "STOP"),
]


@pytest.mark.parametrize(("rule", "matched", "body"), OPT_OUTS, ids=lambda value: str(value)[:40])
def test_an_opt_out_is_found_whatever_carries_it(inbound: Inbound, rule: str, matched: str, body: object) -> None:
    """The raw body is the evidence; the rule says whether a label, an event or a text decided."""
    message = _message(body)
    assert inbound.run(inbound.queued(message)) == []
    assert _status(inbound) is Status.OPTED_OUT
    (decision,) = _decisions(inbound)
    assert (decision.rule, decision.matched, decision.body) == (rule, matched, message["messageBody"])
    assert decision.through == AGENT
    assert inbound.dead_letters() == []


def test_an_sms_that_looks_like_json_is_a_text(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only agents get content as JSON. A person may type anything."""
    _set(monkeypatch, "p-1=OPT_OUT")
    body = _suggestion("See you", "p-1")
    assert inbound.run(inbound.queued(_message(body, destinationNumber=OURS))) == []
    assert (_status(inbound), _metrics(capsys)) == (None, {"TextsNone": 1})


def test_a_suggestion_that_opts_in_is_what_its_label_says(inbound: Inbound) -> None:
    """YES counts only for a person who opted out, as if it were typed."""
    _receive(inbound, _suggestion("Yes", "YES"))
    assert _status(inbound) is None
    _receive(inbound, {"type": "UNSUBSCRIBE"}, _suggestion("Yes", "YES"))
    assert _status(inbound) is Status.OPTED_IN
    assert [each.rule for each in _decisions(inbound)] == ["label:keyword:twilio/YES", "event:UNSUBSCRIBE"]


@pytest.mark.parametrize(
    ("label", "postback", "rule"),
    [
        ("No, thanks", "promo:off", "postback:OPT_OUT"),
        ("Count me in", "a=b", "postback:OPT_IN"),
        ("Who are you?", "who", "postback:HELP"),
        ("Stop", "a=b", "label:keyword:aws/STOP"),
        ("Unsubscribe", "none", "label:keyword:aws/UNSUBSCRIBE"),
        ("Start", "promo:off", "postback:OPT_OUT"),
        ("Start", "none", None),
        ("Start", "PROMO:OFF", "label:keyword:ctia/START"),  # exact match only
        ("Start", "promo:off ", "label:keyword:ctia/START"),
        (None, "promo:off", "postback:OPT_OUT"),
        ("", "promo:off", "postback:OPT_OUT"),
    ],
)
def test_a_configured_postback_decides_unless_the_label_opts_out(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, label: str | None, postback: str, rule: str | None
) -> None:
    """An opt-out by either counts before everything else."""
    _set(monkeypatch, "promo:off=OPT_OUT, a=b=OPT_IN,who=help,none=NONE")
    _receive(inbound, _suggestion(label, postback))
    assert [each.rule for each in _decisions(inbound)] == ([rule] if rule is not None else [])


def test_postbacks_of_several_kinds_in_one_event_opt_out_first(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that occurs twice hides nothing; of a setting that contradicts itself, the opt-out applies."""
    _set(monkeypatch, "in=OPT_IN,out=NONE,out=OPT_OUT")
    _receive(inbound, '{"type":"SUGGESTION","text":"x","postbackData":"in","postbackData":"out"}')
    assert _status(inbound) is Status.OPTED_OUT


PAIRS: list[Any] = [
    *itertools.permutations([{"type": "UNSUBSCRIBE"}, "STOP"]),
    ({"type": "UNSUBSCRIBE"}, "BAJA"),
    ("parar", {"type": "RCS_UNSUBSCRIBE"}),
    (_suggestion("Unsubscribe"), "STOP"),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
@pytest.mark.parametrize("one_batch", [False, True])
def test_one_opt_out_that_arrives_twice_is_confirmed_once(inbound: Inbound, pair: Any, one_batch: bool) -> None:
    """Google sends an event and a keyword as text."""
    _agent(inbound)
    if one_batch:
        assert inbound.run(inbound.queued(*(_message(each) for each in pair))) == []
    else:
        _receive(inbound, *pair)
    assert _status(inbound) is Status.OPTED_OUT
    assert len(_texted(inbound)) == 1
    assert len(_decisions(inbound)) == 2


@pytest.mark.parametrize("pair", list(itertools.permutations([{"type": "SUBSCRIBE"}, "START"])), ids=str)
@pytest.mark.parametrize("one_batch", [False, True])
@pytest.mark.parametrize("waits", [False, True])
def test_one_opt_in_that_arrives_twice_is_confirmed_once(
    inbound: Inbound, pair: Any, one_batch: bool, waits: bool
) -> None:
    """Also where AWS's 30 days put it off: then it is confirmed once they are over."""
    _agent(inbound)
    _receive(inbound, "STOP")
    if waits:
        _receive(inbound, "START", "STOP")
    before = len(_texted(inbound))
    inbound.world.pass_time(seconds=1)
    if one_batch:
        assert inbound.run(inbound.queued(*(_message(each) for each in pair))) == []
    else:
        _receive(inbound, *pair)
    if waits:
        assert (_status(inbound), len(_texted(inbound))) == (Status.OPT_IN_PENDING, before)
        inbound.world.pass_time(days=31)
        inbound.world.sweep()
    assert _status(inbound) is Status.OPTED_IN
    assert len(_texted(inbound)) == before + 1


def test_a_denied_reply_delays_no_opt_out_and_is_reported(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """IAM's list of resources of SendTextMessage has no RCS agents."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", logged)
    _agent(inbound)
    inbound.world.backend.fail_next("SendTextMessage", "AccessDeniedException", 1)
    _receive(inbound, {"type": "UNSUBSCRIBE"})
    consent = inbound.consent()
    assert consent is not None
    assert (consent.settled, consent.listed) == (True, True)
    counted = _metrics(capsys)
    assert (counted["RepliesFailed"], counted["SettingsProblems"]) == (1, 1)
    assert '"message":"a reply was denied"' in logged.getvalue()
    assert PERSON[1:] not in logged.getvalue()


@pytest.mark.parametrize(
    ("reply_from", "calls"),
    [("pool", {"SendTextMessage": 1}), (AGENT, {"SendRcsMessage": 1}), (None, {"SendTextMessage": 1})],
)
def test_replies_of_an_agent_are_sent_from_where_its_settings_say(
    inbound: Inbound, reply_from: str | None, calls: dict[str, int]
) -> None:
    """A pool, or the agent by SendRcsMessage, whose IAM resources include agents. It costs no further call."""
    _agent(inbound)
    number = inbound.world.backend.add_phone_number("+12065550143")
    created = inbound.world.aws.create_pool(OriginationIdentity=number.phone_number_id, MessageType="TRANSACTIONAL")
    pool = created["PoolId"]
    chosen = pool if reply_from == "pool" else reply_from
    inbound.configure(Sender(identity=AGENT, list_name=LIST, brand="Agency", reply_from=chosen))
    with _calls() as made:
        _receive(inbound, {"type": "UNSUBSCRIBE"})
    assert {name: count for name, count in made.items() if name.startswith("Send")} == calls
    assert made.total() == 5  # a first STOP's four, and the look-up of the sender
    (text,) = inbound.world.backend.sent_texts()
    assert (text.origination_identity, text.to, "Agency" in text.body) == (chosen or AGENT, PERSON, True)


@pytest.mark.parametrize("operation", ["SendTextMessage", "SendRcsMessage"])
@pytest.mark.parametrize("error", ["AccessDeniedException", "ValidationException", "InternalServerException"])
def test_no_failure_of_a_reply_delays_the_opt_out(inbound: Inbound, operation: str, error: str) -> None:
    """Of either operation."""
    _agent(inbound)
    if operation == "SendRcsMessage":
        inbound.configure(Sender(identity=AGENT, list_name=LIST, reply_from=AGENT))
    inbound.world.backend.fail_next(operation, error, 1)
    _receive(inbound, {"type": "UNSUBSCRIBE"})
    consent = inbound.consent()
    assert consent is not None
    assert (consent.settled, consent.listed, _texted(inbound)) == (True, True, [])


OTHERS: list[dict[str, Any]] = [
    {
        "context": {"MetaWabaIds": [{"wabaId": "1", "arn": "arn:aws:social-messaging:us-east-1:123456789012:waba/x"}]},
        "whatsAppWebhookEntry": json.dumps({"changes": [{"value": {"messages": [{"text": {"body": "STOP"}}]}}]}),
        "aws_account_id": "123456789012",
        "message_timestamp": "2026-11-03T14:00:00Z",
    },
    {"eventType": "TEXT_DELIVERED", "originationPhoneNumber": OURS, "destinationPhoneNumber": PERSON},
    {"eventType": "RCS_READ", "eventVersion": "1.0", "messageId": "m-1", "context": {"decision": "x"}},
    {"version": "0", "detail-type": "Text Message Delivery Status Updated", "source": "aws.sms-voice", "detail": {}},
    {"AlarmName": "x", "NewStateValue": "ALARM", "OldStateValue": "OK"},
    {"notificationType": "Bounce"},
    {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "x"},
]


@pytest.mark.parametrize("payload", OTHERS, ids=lambda payload: next(iter(payload)))
@pytest.mark.parametrize("raw", [False, True])
def test_events_of_other_kinds_are_counted_and_ignored(
    inbound: Inbound, capsys: pytest.CaptureFixture[str], payload: dict[str, Any], raw: bool
) -> None:
    """A topic may be shared. They are nobody's text, so they cost no call and raise no alarm."""
    with _calls() as calls:
        assert inbound.run(inbound.queued(json.dumps(payload) if raw else payload)) == []
    assert calls == {}
    assert _metrics(capsys) == {"OtherEvents": 1}


def test_an_event_of_another_kind_is_ignored_when_sns_invokes_the_function(inbound: Inbound) -> None:
    """Without a queue between."""
    event = {"Records": [{"EventSource": "aws:sns", "Sns": inbound.notification(OTHERS[0])}]}
    assert inbound.run(event) == []
    assert inbound.dead_letters() == []


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"hello": "world"},
        {"messageBody": "STOP", "eventType": "TEXT_RECEIVED"},
        {"originationNumber": PERSON, "detail-type": "x", "source": "y"},
        {"inboundMessageId": "m", "eventType": "x"},
        {"detail-type": "x", "source": "y", "detail": {"originationNumber": PERSON, "messageBody": "STOP"}},
        {"eventType": "x", "Message": json.dumps({"MessageBody": "STOP"})},
        {"whatsAppWebhookEntry": "{}", "DestinationNumber": OURS},
        {"context": {"MetaWabaIds": []}},
    ],
    ids=str,
)
def test_a_payload_that_may_be_a_persons_text_is_dead_lettered(inbound: Inbound, payload: dict[str, Any]) -> None:
    """With any field of an inbound text, or without a sign of another kind."""
    assert inbound.run(inbound.queued(payload)) == []
    assert len(inbound.dead_letters()) == 1


def test_a_text_with_fields_of_another_event_is_a_text(inbound: Inbound) -> None:
    """AWS may add fields."""
    message = _message("STOP", eventType="INBOUND", source="x", **{"detail-type": "y"})
    assert inbound.run(inbound.queued(message)) == []
    assert _status(inbound) is Status.OPTED_OUT


def test_content_that_is_not_wrapped_into_a_string_is_read(inbound: Inbound) -> None:
    """The documentation shows a string. An object would not be a reason to lose a STOP."""
    assert inbound.run(inbound.queued({**_message(""), "messageBody": _suggestion("STOP")})) == []
    assert _status(inbound) is Status.OPTED_OUT


def test_other_events_are_ignored_while_settings_cannot_be_used(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They need none."""
    monkeypatch.delenv("OPT_OUT_LIST")
    container.cache_clear()
    event = inbound.queued({"eventType": "TEXT_SENT"}, _message("STOP"))
    assert inbound.run(event) == ["record-1"]
    assert _metrics(capsys)["OtherEvents"] == 1


@pytest.mark.parametrize("body", [{"type": "CONVERSATION_STARTED", **STARTED}, {"type": "UNSUBSCRIBE"}])
@pytest.mark.parametrize("one_batch", [False, True])
def test_an_event_may_have_the_id_of_the_text_that_it_belongs_to(
    inbound: Inbound, body: dict[str, str], one_batch: bool
) -> None:
    """CONVERSATION_STARTED has that of the conversation's first message. The STOP keeps its time, and is confirmed once."""
    _agent(inbound)
    event = inbound.notification(_message(body, inboundMessageId="same"))
    inbound.world.pass_time(seconds=5)
    stop = inbound.notification(_message("STOP", inboundMessageId="same"))
    if one_batch:
        assert inbound.run(inbound.queued(json.dumps(stop), json.dumps(event))) == []
    else:
        assert inbound.run(inbound.queued(json.dumps(stop))) == []
        assert inbound.run(inbound.queued(json.dumps(event))) == []
    assert (_status(inbound), len(_texted(inbound))) == (Status.OPTED_OUT, 1)
    consent = inbound.consent()
    assert consent is not None
    if body["type"] == "CONVERSATION_STARTED":
        assert as_text(consent.decided_at) == stop["Timestamp"]
