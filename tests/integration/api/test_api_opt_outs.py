"""The three operations have the effect of a text, and record who requested it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.api_function import Api, api_function
from support.world import LIST, OURS, PERSON

from sms_consent.domain.errors import Unavailable
from sms_consent.domain.ports import Sender
from sms_consent.domain.time import as_text


def test_an_added_number_is_on_the_list_at_once(api: Api) -> None:
    """It is put by sync, like that of a text."""
    api.items("add")
    assert api.world.listed()


def test_an_agents_opt_out_is_not_the_end_users_own(api: Api) -> None:
    """EndUserOptedOut means that the person asked in their own words."""
    api.items("add")
    assert api.world.consent().end_user_opted_out is False


def test_no_text_is_sent(api: Api) -> None:
    """A confirmation replies to a text, and here none was received."""
    api.items("add")
    api.world.pass_time(minutes=1)
    api.items("remove")
    assert api.world.texts() == []


def test_the_decision_has_key_channel_time_and_reference(api: Api) -> None:
    """The reference is the caller's own."""
    api.items("add", PERSON, channel="phone", reference="CASE-17")
    (decision,) = api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    assert decision["actor"].startswith("access-key:primary:")
    assert (decision["author"], decision["through"]) == ("AGENT", "api/phone")
    assert (decision["reference"], decision["asked"]) == ("CASE-17", "OPT_OUT")
    assert decision["at"] == as_text(api.world.parts.clock.now())


def test_without_a_reference_the_client_request_id_is_kept(api: Api) -> None:
    """Microsoft's client sends one with every request, and logs it."""
    api.items("add", PERSON, request_id="7992b07e-b84c-45b7-a089-988382b74ca8")
    (decision,) = api.get(f"/numbers/{PERSON}/decisions")["decisions"]
    assert (decision["reference"], decision["through"]) == ("7992b07e-b84c-45b7-a089-988382b74ca8", "api")


def test_a_repeated_recipient_gets_two_items_and_one_decision(api: Api) -> None:
    """Each recipient of the request has an item."""
    assert len(api.items("add", PERSON, "+14255550183", PERSON)) == 3
    assert len(api.get(f"/numbers/{PERSON}/decisions")["decisions"]) == 1


def test_check_includes_a_stop_by_text(api: Api) -> None:
    """All channels share one ledger."""
    api.world.opt_out()
    assert api.items("check")[0]["isOptedOut"] is True


def test_check_answers_from_the_ledger_while_the_list_is_behind(api: Api) -> None:
    """An opt-out counts from the moment it is recorded."""
    api.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    assert api.items("add")[0]["httpStatusCode"] == 200
    assert not api.world.listed()
    assert api.items("check")[0]["isOptedOut"] is True


def test_a_throttled_opt_out_is_put_by_sweep(api: Api) -> None:
    """Nothing recorded is dropped."""
    api.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    api.items("add")
    api.world.pass_time(minutes=1)
    api.world.sweep()
    assert api.world.listed()


def test_a_removal_within_30_days_is_accepted_with_the_date_of_release(api: Api) -> None:
    """AWS lets a number leave a list once in 30 days. Until then it stays opted out."""
    api.items("add")
    api.world.pass_time(seconds=1)
    api.items("remove")
    released = as_text(api.world.parts.clock.now() + timedelta(days=30))
    api.world.pass_time(seconds=1)
    api.items("add")
    api.world.pass_time(seconds=1)
    (item,) = api.items("remove")
    assert item["httpStatusCode"] == 202
    assert released in item["errorMessage"]
    assert api.items("check")[0]["isOptedOut"] is True


def test_a_deferred_removal_takes_effect_after_30_days(api: Api) -> None:
    """Sweep applies it without a further request."""
    for operation in ("add", "remove", "add", "remove"):
        api.items(operation)
        api.world.pass_time(seconds=1)
    api.world.pass_time(days=30)
    api.world.sweep()
    assert api.items("check")[0]["isOptedOut"] is False
    assert not api.world.listed()


def test_a_removal_that_the_service_refuses_is_accepted_with_the_time_of_the_next_attempt(api: Api) -> None:
    """The number was deleted by hand, so the ledger has no date of release."""
    api.items("add")
    api.world.aws.delete_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    api.world.aws.put_opted_out_number(OptOutListName=LIST, OptedOutNumber=PERSON)
    api.world.pass_time(seconds=1)
    (item,) = api.items("remove")
    assert item["httpStatusCode"] == 202
    assert "asked again on " + as_text(api.world.parts.clock.now() + timedelta(days=1)) in item["errorMessage"]


def test_a_throttled_removal_is_accepted(api: Api) -> None:
    """200 would promise that texts are delivered again."""
    api.items("add")
    api.world.pass_time(seconds=1)
    api.world.backend.fail_next("DeleteOptedOutNumber", "ThrottlingException", 1)
    (item,) = api.items("remove")
    assert item["httpStatusCode"] == 202


def test_the_newest_of_texts_and_requests_counts_in_any_order(api: Api) -> None:
    """A STOP by text, an add by API and a START by text arrive in another order than they were made."""
    noon = api.world.parts.clock.now()
    api.world.opt_in(noon + timedelta(minutes=3))
    api.world.pass_time(minutes=2)
    (item,) = api.items("add")
    api.world.opt_out(noon + timedelta(minutes=1))
    assert item["httpStatusCode"] == 409
    assert api.items("check")[0]["isOptedOut"] is False
    outcomes = [each["outcome"] for each in api.get(f"/numbers/{PERSON}/decisions")["decisions"]]
    assert outcomes == ["CHANGED", "STALE", "STALE"]


def test_a_request_is_for_the_list_of_its_sender(api: Api) -> None:
    """As a text to that sender would be."""
    api.world.aws.create_opt_out_list(OptOutListName="Alerts")
    api.configure(Sender(identity="pool-7", list_name="Alerts"))
    api.items("add", PERSON, sender="pool-7")
    assert api.items("check", PERSON, sender="pool-7")[0]["isOptedOut"] is True
    assert api.items("check", PERSON, sender=OURS)[0]["isOptedOut"] is False


def test_a_sender_without_settings_uses_the_stacks_own_list(api: Api) -> None:
    """Like texts to it."""
    api.items("add", PERSON, sender="+12125550177")
    assert api.world.listed()


def test_a_sender_without_settings_is_refused_if_so_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """With several lists, a typing error must not opt people out of the wrong one."""
    with api_function(monkeypatch, UNKNOWN_SENDERS="REFUSE") as api:
        response = api.opt_outs("add", PERSON, sender="+12125550177")
        assert response.status_code == 400
        assert list(json.loads(response.text)["errors"]) == ["from"]
        assert api.world.history() == []


def test_a_failed_write_fails_one_recipient_only(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its item has Azure's status 500, so that the caller sends it again."""
    real = type(api.world.parts.ledger).save

    def save(ledger, consent, replacing):  # type: ignore[no-untyped-def]  # the adapter's own signature
        if consent.number == "+14255550183":
            raise Unavailable("down")
        return real(ledger, consent, replacing)

    monkeypatch.setattr(type(api.world.parts.ledger), "save", save)
    statuses = [item["httpStatusCode"] for item in api.items("add", PERSON, "+14255550183", "+14255550184")]
    assert statuses == [200, 500, 200]


def test_a_ledger_that_does_not_answer_fails_the_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After: Microsoft's client sends it again by itself."""

    def down(*_: object, **__: object) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(type(api.world.parts.ledger), "save", down)
    response = api.opt_outs("add", PERSON)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert json.loads(response.text)["error"]["code"] == "ServiceUnavailable"


def test_when_time_runs_out_the_rest_is_recorded_and_left_to_sweep(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that hangs must not keep 99 opt-outs from being recorded."""
    monkeypatch.setattr("handlers.api.MARGIN", timedelta(seconds=30))
    assert api.items("add")[0]["httpStatusCode"] == 200
    assert api.items("check")[0]["isOptedOut"] is True
    assert not api.world.listed()
    api.world.pass_time(minutes=1)
    api.world.sweep()
    assert api.world.listed()
