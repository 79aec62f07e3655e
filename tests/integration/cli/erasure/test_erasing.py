"""`sms-consent erase`: the whole history is deleted; the opt-out is kept, and so are the 30 days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.connectable import OWN_LIST, Connectable, client
from support.world import OURS, PERSON

from sms_consent.adapters.dynamodb.codec import encode
from sms_consent.domain.consent import Consent, Drift, DriftKind, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.erasure_policy import Why, what_stays
from sms_consent.domain.reply import ReplyKind

BODY = "Stop texting me, this is Jane"


def decided(stack: Connectable, asked: Asked = Asked.OPT_OUT, **more: Any) -> Decision:
    decision = stack.world.decision(asked, **({"body": BODY, "matched": "Stop texting me"} | more))
    stack.world.parts.recorder.record(decision, OWN_LIST, reply_from=OURS)
    stack.world.pass_time(minutes=1)
    return decision


def known(stack: Connectable) -> list[dict[str, Any]]:
    """Every item under the person's number."""
    items = client("dynamodb").scan(TableName=stack.world.table)["Items"]
    return [item for item in items if PERSON in item["pk"]["S"]]


def consent(stack: Connectable) -> Consent:
    standing = stack.world.parts.ledger.consent(PERSON, OWN_LIST)
    assert standing is not None
    return standing


def erase(stack: Connectable) -> dict[str, Any]:
    code, told = stack.told("erase", PERSON, "--yes")
    assert code == 0
    answer: dict[str, Any] = told
    return answer


def test_the_history_is_deleted_and_the_opt_out_is_kept(stack: Connectable) -> None:
    """On the list, in the ledger and in the answer of `check`; no text remains."""
    decided(stack)
    decided(stack)
    told = erase(stack)
    assert told["gone"]["decisions"] == 2
    assert [each["why"] for each in told["stays"]] == ["SUPPRESSION"]
    assert PERSON in stack.listed(OWN_LIST)
    assert stack.told("check", PERSON)[1]["consents"][0]["isOptedOut"] is True
    assert stack.told("history", PERSON)[1]["decisions"] == []
    assert "Jane" not in str(known(stack))
    assert [item["sk"]["S"] for item in known(stack)] == ["CHAIN", "FACT#0000000005", f"LIST#{OWN_LIST}"]


@pytest.mark.slow
def test_the_evidence_chain_keeps_that_it_was_erased(stack: Connectable) -> None:
    """When, by whom, and how many entries; it goes on after that, and verifies at any time."""
    decided(stack)
    decided(stack)
    erase(stack)
    (entry,) = [item for item in known(stack) if item["sk"]["S"].startswith("FACT#")]
    assert (entry["kind"]["S"], entry["entries"]["N"], entry["sequence"]["N"]) == ("ERASED", "4", "5")
    assert entry["actor"]["S"].startswith("arn:aws:")
    code, report = stack.told("verify", PERSON)
    assert (code, report["intact"], report["erasedAt"]) == (0, True, entry["recorded_at"]["S"])
    decided(stack, Asked.OPT_IN)
    code, report = stack.told("verify", PERSON)
    assert (code, report["entries"], report["leftOver"]) == (0, 4, 0)
    decided(stack)
    erase(stack)
    code, report = stack.told("verify", PERSON)
    assert (code, report["entries"], report["leftOver"]) == (0, 1, 0)


@pytest.mark.slow
def test_an_interrupted_erasure_leaves_a_chain_that_verifies(stack: Connectable) -> None:
    """What was to be deleted is reported as such, and not as tampering."""
    decided(stack)
    decided(stack)
    deletions: list[str] = []

    def look(call: str) -> None:
        deletions.extend([call] if call == "DeleteItem" else [])
        if len(deletions) == 2:
            raise KeyError

    with stack.looking(look):
        stack.run("erase", PERSON, "--yes")
    code, report = stack.told("verify", PERSON)
    assert (code, report["intact"], report["leftOver"] > 0) == (0, True, True)
    erase(stack)
    code, report = stack.told("verify", PERSON)
    assert (code, report["entries"], report["leftOver"]) == (0, 1, 0)


@pytest.mark.slow
def test_the_author_is_kept_with_the_opt_out(stack: Connectable) -> None:
    """EndUserOptedOut and its time are part of the suppression."""
    decision = decided(stack)
    erase(stack)
    assert (consent(stack).end_user_opted_out, consent(stack).decided_at) == (True, decision.at)


def test_an_opt_out_with_an_incomplete_history_is_kept_too(stack: Connectable) -> None:
    """An opt-out that is left to sweep has its text in the consent: it goes, and the opt-out is still carried out."""
    decision = stack.world.decision(Asked.OPT_OUT, body=BODY)
    stack.world.parts.recorder.record(decision, OWN_LIST, reply_from=OURS, sync_now=False)
    assert "Jane" in str(known(stack))
    stack.world.pass_time(minutes=5)
    erase(stack)
    assert "Jane" not in str(known(stack))
    stack.world.sweep()
    assert (PERSON in stack.listed(OWN_LIST), consent(stack).settled) == (True, True)


@pytest.mark.slow
def test_a_pending_opt_in_is_still_carried_out(stack: Connectable) -> None:
    """The 30 days go on, and at their end the number leaves the list."""
    for asked in (Asked.OPT_OUT, Asked.OPT_IN, Asked.OPT_OUT, Asked.OPT_IN):
        decided(stack, asked)
    assert [each["why"] for each in erase(stack)["stays"]] == ["SUPPRESSION"]
    stack.world.pass_time(days=31)
    stack.world.sweep()
    assert PERSON not in stack.listed(OWN_LIST)
    assert consent(stack).status is Status.OPTED_IN


def test_the_last_deletion_is_kept_for_30_days(stack: Connectable) -> None:
    """Else the next opt-in would be refused by AWS, and nobody would know why. DynamoDB forgets it after that."""
    decided(stack)
    decided(stack, Asked.OPT_IN)
    deleted_at = consent(stack).deleted_at
    assert deleted_at is not None
    told = erase(stack)
    assert [each["why"] for each in told["stays"]] == ["HOLD"]
    (item,) = known(stack)
    assert int(item["expires"]["N"]) > (deleted_at + timedelta(days=30)).timestamp()
    decided(stack)
    decided(stack, Asked.OPT_IN)
    assert (consent(stack).status, consent(stack).held_until) == (
        Status.OPT_IN_PENDING,
        deleted_at + timedelta(days=30),
    )
    code, report = stack.told("verify", PERSON)
    assert (code, report["erasedAt"]) == (0, None)


@pytest.mark.slow
def test_a_consent_that_comes_back_to_life_does_not_expire(stack: Connectable) -> None:
    """An opt-out within the 30 days is written without the mark: DynamoDB must not forget it."""
    decided(stack)
    decided(stack, Asked.OPT_IN)
    erase(stack)
    decided(stack)
    assert all("expires" not in item for item in known(stack))


@pytest.mark.slow
def test_an_old_opt_in_is_deleted_completely(stack: Connectable) -> None:
    """Nothing need be kept of it."""
    decided(stack)
    decided(stack, Asked.OPT_IN)
    stack.world.pass_time(days=31)
    told = erase(stack)
    assert (told["gone"]["consents"], told["stays"], known(stack)) == (1, [], [])


def test_replies_and_drift_are_deleted_too(stack: Connectable) -> None:
    """They tell of the person as well."""
    question = stack.world.decision(Asked.HELP, body="HELP")
    stack.world.parts.help_and_clarification.answer(question, ReplyKind.HELP, reply_from=OURS)
    drift = Drift(number=PERSON, list_name=OWN_LIST, kind=DriftKind.NOT_RECORDED, found_at=question.at)
    client("dynamodb").put_item(TableName=stack.world.table, Item=encode(drift))
    assert erase(stack)["gone"] == {"decisions": 1, "answers": 1, "drifts": 1, "facts": 1, "consents": 0}
    assert known(stack) == []


@pytest.mark.slow
def test_a_lost_workers_lease_is_waited_for(stack: Connectable) -> None:
    """A worker that still runs would write its item again."""

    def killed(*_: object) -> object:
        raise KeyError

    stack.world.parts.sync.opt_out_list.put, put = killed, stack.world.parts.sync.opt_out_list.put  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyError):
        decided(stack)
    stack.world.parts.sync.opt_out_list.put = put  # type: ignore[method-assign]
    before = stack.world.parts.clock.now()
    assert consent(stack).lease is not None
    erase(stack)
    assert stack.world.parts.clock.now() - before > timedelta(seconds=60)
    stack.world.sweep()
    assert PERSON in stack.listed(OWN_LIST)


def test_an_opt_out_that_comes_in_meanwhile_is_not_lost(stack: Connectable) -> None:
    """A consent is only written over what was read."""
    decided(stack)
    decided(stack, Asked.OPT_IN)
    texted: list[str] = []

    def look(call: str) -> None:
        if call == "Query" and not texted:
            texted.append(call)
            decided(stack)

    with stack.looking(look):
        erase(stack)
    assert texted
    assert consent(stack).status is Status.OPTED_OUT
    assert PERSON in stack.listed(OWN_LIST)


def test_nothing_is_erased_without_confirmation(stack: Connectable) -> None:
    """It cannot be undone; a dry run says what would go."""
    decided(stack)
    before = known(stack)
    assert stack.run("erase", PERSON).exit_code == 2
    assert stack.told("erase", PERSON, "--dry-run") == (
        0,
        {
            "number": PERSON,
            "dryRun": True,
            "gone": {"decisions": 1, "answers": 0, "drifts": 0, "facts": 2, "consents": 0},
            "stays": [{"why": "SUPPRESSION", "consent": stack.told("check", PERSON)[1]["consents"][0]}],
        },
    )
    assert known(stack) == before


def test_erase_prints_what_is_kept_and_what_it_does_not_reach(stack: Connectable) -> None:
    """With the reason."""
    decided(stack)
    output = " ".join(stack.run("erase", PERSON, "--yes").output.split())
    for told in ("1 decisions, 2 facts erased", "Kept: opted out on Stack", "would undo it", "point-in-time backups"):
        assert told in output
    assert "the history before this was erased by arn:aws:" in stack.run("history", PERSON).output


def test_an_unknown_number_has_nothing_to_erase(stack: Connectable) -> None:
    """Exit code 1."""
    assert stack.told("erase", PERSON, "--yes")[0] == 1


def test_something_is_always_kept_of_an_opt_out(stack: Connectable) -> None:
    """Whatever its state, and however old it is."""
    decided(stack, author=Author.AGENT)
    standing = consent(stack)
    for years in (0, 1, 50):
        stays = what_stays(standing, stack.world.parts.clock.now() + timedelta(days=365 * years))
        assert stays is not None
        assert (stays.why, stays.until, stays.consent.status) == (Why.SUPPRESSION, None, Status.OPTED_OUT)
