"""`sms-consent opt-out` and `opt-in`: requests are recorded with their author, and synced."""

from __future__ import annotations

from typing import Any

import pytest
from support.connectable import NUMBER, OWN_LIST, Connectable, client
from support.world import PERSON

from sms_consent.adapters.dynamodb.codec import encode, to_attributes
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.ports import Sender


def consent(stack: Connectable, list_name: str = OWN_LIST) -> Consent | None:
    return stack.world.parts.ledger.consent(PERSON, list_name)


def decision(stack: Connectable) -> dict[str, Any]:
    """Return the newest decision of `history --json`."""
    newest: dict[str, Any] = stack.told("history", PERSON)[1]["decisions"][0]
    return newest


def configure(stack: Connectable, sender: Sender) -> None:
    item = encode(sender)
    client("dynamodb").put_item(TableName=stack.world.table, Item=item)


def test_an_opt_out_by_phone_is_recorded_and_put_on_the_list(stack: Connectable) -> None:
    """With author, channel and reference; no text is sent."""
    code, told = stack.told(
        "opt-out", PERSON, "--channel", "phone", "--reference", "CASE-17", "--by", "alice"
    )  # fmt: skip
    assert (code, told["became"], told["consent"]["applied"]) == (0, "DONE", True)
    assert PERSON in stack.listed(OWN_LIST)
    found = decision(stack)
    kept = ("author", "through", "actor", "reference", "outcome")
    assert [found[name] for name in kept] == ["AGENT", "cli/phone", "alice", "CASE-17", "CHANGED"]
    assert told["consent"]["endUserOptedOut"] is False
    assert stack.world.texts() == []


def test_who_took_it_is_the_callers_aws_identity(stack: Connectable) -> None:
    """Unless --by names another."""
    assert stack.told("opt-out", PERSON)[0] == 0
    assert decision(stack)["actor"] == client("sts").get_caller_identity()["Arn"]


def test_an_opt_in_within_30_days_waits(stack: Connectable) -> None:
    """The output has its date."""
    for command in ("opt-out", "opt-in", "opt-out"):
        assert stack.run(command, PERSON).exit_code == 0
        stack.world.pass_time(minutes=1)
    result = stack.run("opt-in", PERSON)
    assert result.exit_code == 0
    assert "released on 3 December 2026" in result.output
    assert PERSON in stack.listed(OWN_LIST)


def test_a_list_can_be_named(stack: Connectable) -> None:
    """Only the consent of that list changes."""
    assert stack.told("opt-out", PERSON, "--list", "Default")[0] == 0
    assert (consent(stack), PERSON in stack.listed("Default")) == (None, True)


def test_a_request_for_a_sender_counts_for_its_list(stack: Connectable) -> None:
    """As its texts do."""
    configure(stack, Sender(identity=NUMBER, list_name="Default"))
    assert stack.told("opt-out", PERSON, "--from", NUMBER)[1]["consent"]["optOutList"] == "Default"


def test_an_opt_out_reaches_as_far_as_a_text_would(stack: Connectable) -> None:
    """By the stack's own scope."""
    stack.redeployed(OptOutScope="ALL")
    client("dynamodb").put_item(
        TableName=stack.world.table,
        Item=to_attributes({"pk": "LISTS", "sk": "LISTS", "lists": {"Default": {}}, "revision": 1}),
    )
    assert stack.run("opt-out", PERSON).exit_code == 0
    assert PERSON in stack.listed(OWN_LIST) & stack.listed("Default")


def test_a_list_that_is_not_updated_is_reported_and_the_opt_out_counts(stack: Connectable) -> None:
    """It is recorded, and due."""
    stack.world.backend.fail_next("PutOptedOutNumber", "AccessDeniedException", 1)
    result = stack.run("opt-out", PERSON)
    assert result.exit_code == 0
    assert "is not updated yet" in result.output
    standing = consent(stack)
    assert standing is not None
    assert (standing.status, standing.settled) == (Status.OPTED_OUT, False)


@pytest.mark.slow
def test_a_newer_request_applies(stack: Connectable) -> None:
    """Exit code 1."""
    newer = stack.world.decision(Asked.OPT_OUT, author=Author.AGENT)
    stack.world.parts.recorder.record(newer, OWN_LIST, reply_from=None)
    stack.world.time.move_to(newer.at.replace(hour=13))
    code, told = stack.told("opt-in", PERSON)
    assert (code, told["became"]) == (1, "SUPERSEDED")


def test_a_ledger_that_fails_is_no_success(stack: Connectable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3, and the same command can be repeated."""
    from sms_consent.adapters.dynamodb.store import DynamoLedger
    from sms_consent.domain.errors import Unavailable

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(DynamoLedger, "save", fail)
        result = stack.run("opt-out", PERSON)
    assert result.exit_code == 3
    assert "did not respond" in result.output
    assert stack.run("opt-out", PERSON).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--list", "Nope"], "there is no list Nope"),
        (["--list", "Default", "--from", NUMBER], "--list or --from"),
        (["--channel", "By Phone"], "--channel takes"),
        (["--reference", "Zürich"], "--reference takes"),
        (["--by", " "], "--by takes"),
    ],
)
def test_bad_input_records_nothing(stack: Connectable, arguments: list[str], complaint: str) -> None:
    """Exit code 2, with advice."""
    result = stack.run("opt-out", PERSON, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr
    assert stack.told("history", PERSON) == (1, {"number": PERSON, "decisions": []})


def test_unknown_senders_are_refused_where_the_api_refuses_them(stack: Connectable) -> None:
    """A misspelt sender would count for the wrong list."""
    stack.redeployed(UnknownSenders="REFUSE")
    result = stack.run("opt-out", PERSON, "--from", "+12065550177")
    assert result.exit_code == 2
    assert "UnknownSenders=REFUSE" in result.stderr


def test_without_a_stack_nothing_is_recorded(stack: Connectable) -> None:
    """Its settings say how far an opt-out reaches."""
    result = stack.run("opt-out", PERSON, "--stack", "none")
    assert result.exit_code == 3
    assert "there is no stack none" in result.stderr
