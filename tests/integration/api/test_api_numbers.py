"""A number's consents, due work and history."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.api_function import Api
from support.world import LIST, PERSON

from sms_consent.adapters.dynamodb.chain import EvidenceChain
from sms_consent.domain.errors import Unavailable
from sms_consent.domain.ports import Sender
from sms_consent.domain.time import as_text

OTHER = "+14255550183"


def _history(api: Api, query: str = "", number: str = PERSON) -> dict[str, Any]:
    return api.get(f"/numbers/{number}/decisions{query}")


def test_a_number_has_a_consent_for_every_list(api: Api) -> None:
    """A person can be opted out for one sender and opted in for another."""
    api.world.aws.create_opt_out_list(OptOutListName="Alerts")
    api.configure(Sender(identity="pool-7", list_name="Alerts"))
    api.world.opt_out()
    api.items("add", PERSON, sender="pool-7")
    api.world.pass_time(minutes=1)
    api.items("remove", PERSON, sender="pool-7")
    consents = {each["optOutList"]: each for each in api.get(f"/numbers/{PERSON}")["consents"]}
    assert (consents[LIST]["status"], consents[LIST]["endUserOptedOut"]) == ("OPTED_OUT", True)
    assert (consents["Alerts"]["status"], consents["Alerts"]["isOptedOut"]) == ("OPTED_IN", False)


def test_the_services_flag_is_shown_beside_the_ledgers(api: Api) -> None:
    """The service's EndUserOptedOut is false for every entry made through its API."""
    api.world.opt_out()
    (consent,) = api.get(f"/numbers/{PERSON}")["consents"]
    assert (consent["endUserOptedOut"], consent["listing"]["endUserOptedOut"]) == (True, False)
    assert consent["applied"] is True


def test_due_work_is_shown_with_its_time(api: Api) -> None:
    """A pending opt-in is due at its release."""
    for operation in ("add", "remove", "add", "remove"):
        api.items(operation)
        api.world.pass_time(seconds=1)
    released = as_text(api.world.parts.clock.now() - timedelta(seconds=3) + timedelta(days=30))
    (consent,) = api.get(f"/numbers/{PERSON}")["consents"]
    assert (consent["status"], consent["isOptedOut"]) == ("OPT_IN_PENDING", True)
    assert (consent["due"], consent["dueAt"], consent["releasedAt"]) == ("OPT_IN", released, released)


def test_an_unknown_number_has_no_consents(api: Api) -> None:
    """It is not an error."""
    assert api.get(f"/numbers/{PERSON}") == {"number": PERSON, "consents": []}
    assert _history(api) == {"number": PERSON, "decisions": []}


@pytest.mark.parametrize("target", ["/numbers/%2B14255550182", "/numbers/+14255550182"])
def test_a_plus_may_be_encoded_or_not(api: Api, target: str) -> None:
    """Clients differ."""
    assert api.get(target)["number"] == PERSON


@pytest.mark.parametrize("number", ["14255550182", "STOP", "+1", "%2B1425555018x", "SENDER%2312125550101"])
def test_an_invalid_number_is_a_bad_request(api: Api, number: str) -> None:
    """It cannot reach other items of the table."""
    for target in (f"/numbers/{number}", f"/numbers/{number}/decisions"):
        response = api.call("GET", target)
        assert response.status_code == 400
        assert list(json.loads(response.text)["errors"]) == ["number"]


def test_a_decision_shows_its_evidence(api: Api) -> None:
    """The author, the text, and the rule that classified it."""
    api.world.opt_out(body="stop texting me", rule="sentence:en/stop-texting", tier="SENTENCE", matched="stop texting")
    (decision,) = _history(api)["decisions"]
    assert (decision["author"], decision["asked"], decision["outcome"]) == ("END_USER", "OPT_OUT", "CHANGED")
    assert (decision["body"], decision["rule"]) == ("stop texting me", "sentence:en/stop-texting")


def test_a_long_history_is_read_page_by_page(api: Api) -> None:
    """Newest first, each decision once."""
    for _ in range(7):
        api.world.opt_out()
        api.world.pass_time(seconds=1)
    seen: list[str] = []
    page, pages = _history(api, "?size=3"), 1
    while True:
        seen += [each["at"] for each in page["decisions"]]
        if "next" not in page:
            break
        page, pages = _history(api, f"?size=3&page={page['next']}"), pages + 1
    assert (len(seen), len(set(seen)), pages) == (7, 7, 3)
    assert seen == sorted(seen, reverse=True)


def test_new_decisions_do_not_shift_the_pages(api: Api) -> None:
    """A token names a position in the history, not a count."""
    for _ in range(4):
        api.world.opt_out()
        api.world.pass_time(seconds=1)
    first = _history(api, "?size=2")
    api.world.opt_out()
    second = _history(api, f"?size=2&page={first['next']}")
    assert len({each["at"] for each in (*first["decisions"], *second["decisions"])}) == 4


def test_a_decision_in_the_outbox_of_a_consent_is_part_of_the_history(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker stopped before the list call. The decision counts, and its outcome is not recorded yet."""
    api.world.opt_in()
    api.world.pass_time(seconds=1)
    with monkeypatch.context() as broken:
        broken.setattr(EvidenceChain, "write", _lost)
        with pytest.raises(Unavailable):
            api.world.opt_out()
    first = _history(api, "?size=1")
    assert [(each["asked"], each.get("outcome")) for each in first["decisions"]] == [("OPT_OUT", None)]
    second = _history(api, f"?size=1&page={first['next']}")
    assert [(each["asked"], each.get("outcome")) for each in second["decisions"]] == [("OPT_IN", "CHANGED")]
    assert "next" not in second


def _lost(*_: object, **__: object) -> None:
    raise Unavailable("down")


def test_a_decision_in_outbox_and_history_is_shown_once(api: Api) -> None:
    """A worker stopped right after it had written the history."""
    consent = api.world.opt_out()
    decision = api.world.decided[-1]
    api.world.parts.ledger.save(replace(consent, outbox=decision, revision=consent.revision + 1), replacing=consent)
    assert [each["outcome"] for each in _history(api)["decisions"]] == ["CHANGED"]


@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "1.5", "", "1000000", "%D9%A3"])
def test_a_page_has_one_to_a_hundred_entries(api: Api, size: str) -> None:
    """Any other size is a bad request."""
    response = api.call("GET", f"/numbers/{PERSON}/decisions?size={size}")
    assert (response.status_code, list(json.loads(response.text)["errors"])) == (400, ["size"])


def test_a_token_is_valid_for_one_number_only(api: Api) -> None:
    """With another number it is refused and reveals nothing."""
    for _ in range(2):
        api.world.opt_out()
        api.world.pass_time(seconds=1)
    token = _history(api, "?size=1")["next"]
    response = api.call("GET", f"/numbers/{OTHER}/decisions?size=1&page={token}")
    assert (response.status_code, list(json.loads(response.text)["errors"])) == (400, ["page"])


@pytest.mark.parametrize("token", ["x", "AAAA", "!!", "", "a" * 2000, "MTIzNDU2Nzg", "%00"])
def test_a_malformed_token_is_refused(api: Api, token: str) -> None:
    """It does not reach the database."""
    response = api.call("GET", f"/numbers/{PERSON}/decisions?page={token}")
    assert response.status_code == 400


@pytest.mark.parametrize("place", ["", "LIST#Default", "2026", "2026-11-03T14:00:00.000Z#\n", "\x00"])
def test_a_forged_token_without_a_position_is_refused(api: Api, place: str) -> None:
    """Also with the right digest of the number."""
    forged = base64.urlsafe_b64encode((hashlib.sha256(PERSON.encode()).hexdigest()[:8] + place).encode()).decode()
    response = api.call("GET", f"/numbers/{PERSON}/decisions?page={forged.rstrip('=')}")
    assert response.status_code == 400


def test_reads_are_consistent(api: Api) -> None:
    """A caller whose opt-out was recorded can read it at once, whatever the state of the list."""
    api.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    api.items("add")
    (consent,) = api.get(f"/numbers/{PERSON}")["consents"]
    assert (consent["isOptedOut"], consent["applied"], consent["due"]) == (True, False, "OPT_OUT")
