"""With any settings, a STOP is recorded and put on the list; invalid settings are logged and counted."""

from __future__ import annotations

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from support.api_function import api_for_now
from support.inbound_function import Inbound
from support.sweep_function import sweep
from support.world import OURS

from handlers.inbound import container
from sms_consent.bootstrap.observability import logger
from sms_consent.bootstrap.settings import _TIER_ACTIONS, Settings, SettingsError
from sms_consent.domain.consent import Status
from sms_consent.domain.ports import Sender
from sms_consent.intent.lower_tiers import Tier

BASE = {"LEDGER_TABLE": "ledger", "OPT_OUT_LIST": "Default", "BRAND": "Example", "SUPPORT_CONTACT": "help.example.com"}
LONG_BRAND = "First National Community Federal Credit Union Association"
LONG_CONTACT = (
    "https://help.example.com/contact/customers/texts/opt-outs/regional-offices/north/and/south/a-very-long-page"
)
BAD: list[dict[str, str]] = [
    {"TIER_ACTIONS": "KEYWORD=LEAVE"},
    {"TIER_ACTIONS": "KEYWORD=ASK,COMPANY=LEAVE,MISSPELT=LEAVE,SENTENCE=LEAVE"},
    {"TIER_ACTIONS": "SENTENCES=ASK"},
    {"TIER_ACTIONS": "sentence"},
    {"TIER_ACTIONS": "=,;=ASK,SENTENCE=,SENTENCE=STOP,LEAVE"},
    {"SUGGESTION_POSTBACKS": "STOP=NONE,promo,=OPT_IN,x=UNCLEAR,y=OPT_IN,y=NONE"},
    {"EXTRA_OPT_IN_KEYWORDS": "STOP"},
    {"EXTRA_OPT_IN_KEYWORDS": "s t o p, Stop!, ЅТОР, stop please, stpo"},
    {"EXTRA_HELP_KEYWORDS": "stop,end, OPT OUT"},
    {"ORDINARY_WORDS": "STOP,END,ARRET,opt-out"},
    {"EXTRA_OPT_OUT_KEYWORDS": "START,,…"},
    {"DEFAULT_LANGUAGE": "xx"},
    {"DEFAULT_LANGUAGE": "English"},
    {"BRAND": LONG_BRAND},
    {"BRAND": "B" * 500},
    {"BRAND": ""},
    {"BRAND": "Exam\x07ple"},
    {"SUPPORT_CONTACT": LONG_CONTACT},
    {"SUPPORT_CONTACT": ""},
    {"BRAND": "", "SUPPORT_CONTACT": "", "DEFAULT_LANGUAGE": ""},
    {"OPT_OUT_SCOPE": "EVERYTHING", "OPT_IN_SCOPE": "NOTHING"},
    {"PUT_RATE": "ten", "DELETE_RATE": "0", "DESCRIBE_RATE": "nan", "TEXT_RATE": "-1"},
    {"CONFIRMATION_GRACE_SECONDS": "a minute"},
    {"CONFIRMATION_GRACE_SECONDS": "1e9", "LEASE_SECONDS": "inf"},
    {"LEASE_SECONDS": "5", "TIMEOUT_SECONDS": "600"},
    {"DEAD_LETTER_QUEUE_URL": ""},
    {"POWERTOOLS_LOG_LEVEL": "CHATTY"},
]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the function logs."""
    written = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", written)
    return written


def _set(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    container.cache_clear()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def _lines(logged: io.StringIO, message: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, logged.getvalue().splitlines()) if line["message"] == message]


def _replies(inbound: Inbound) -> list[str]:
    return [text.body for text in inbound.world.backend.sent_texts()]


@pytest.mark.slow
@pytest.mark.parametrize("environment", BAD, ids=str)
def test_a_stop_is_recorded_and_put_whatever_the_settings_are(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO, environment: dict[str, str]
) -> None:
    """And every setting that cannot be used is named in the log and counted."""
    _set(monkeypatch, environment)
    if "POWERTOOLS_LOG_LEVEL" in environment:
        logger.cache_clear()
        monkeypatch.setattr(logger("inbound").registered_handler, "stream", logged)
    people = {f"+1425555018{at}": body for at, body in enumerate(("STOP", "Stop please", "退订"))}
    for person, body in people.items():
        assert inbound.hear(body, originationNumber=person, inboundMessageId=uuid4().hex) == []
        inbound.world.pass_time(seconds=2)
        consent = inbound.consent(person)
        assert consent is not None
        assert consent.status is Status.OPTED_OUT
    listed = inbound.world.aws.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"]
    assert {each["OptedOutNumber"] for each in listed} == set(people)
    named = {
        line["setting"]
        for line in [*_lines(logged, "a setting cannot be used"), *_lines(logged, "a reply does not fit")]
    }
    assert named
    assert all(not name.isupper() or name in {"LEASE_SECONDS", "DEAD_LETTER_QUEUE_URL"} for name in named)


@pytest.mark.slow
@pytest.mark.parametrize("environment", BAD, ids=str)
def test_what_is_left_due_is_done_whatever_the_settings_are(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str]
) -> None:
    """By SweepFunction, which counts every minute how many settings cannot be used: the alarm lasts as long as they do."""
    inbound.world.backend.fail_next("PutOptedOutNumber", "ThrottlingException", 1)
    inbound.hear("STOP")
    inbound.world.pass_time(minutes=1)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    logger.cache_clear()
    capsys.readouterr()
    sweep(inbound.world)
    logger.cache_clear()
    assert inbound.world.listed()
    metrics = next(json.loads(line) for line in capsys.readouterr().out.splitlines() if '"SettingsProblems"' in line)
    own = set(environment) == {"DEAD_LETTER_QUEUE_URL"}  # which SweepFunction has none of
    assert (max(metrics["SettingsProblems"]) > 0) is not own


def test_the_api_opts_out_whatever_the_settings_are(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that can be wrong at once."""
    for environment in BAD:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("UNKNOWN_SENDERS", "MAYBE")
    with api_for_now(inbound.world) as api:
        assert [item["httpStatusCode"] for item in api.items("add")] == [200]
    assert inbound.world.listed()


@pytest.mark.parametrize("missing", ["LEDGER_TABLE", "OPT_OUT_LIST"])
def test_only_what_makes_recording_impossible_is_an_error(missing: str) -> None:
    """The texts stay in the queue meanwhile."""
    with pytest.raises(SettingsError, match=f"{missing} is missing"):
        Settings.from_environment(BASE | {missing: " "})


def test_valid_parts_of_tier_actions_apply_and_the_rest_has_its_default(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One misspelt tier does not undo the others."""
    _set(monkeypatch, {"TIER_ACTIONS": "SENTENCES=ASK, misspelt=ask,COMPANY=LEAVE,UNCLEAR=LEAVE,KEYWORD=ASK"})
    expected = {
        "STOP": (Status.OPTED_OUT, "opted out"),
        "stop please": (Status.OPTED_OUT, "opted out"),
        "stpo": (None, "did not understand"),
        "please take me off your list": (Status.OPTED_OUT, "opted out"),
        "wrong number": (None, None),
    }
    for at, (body, (status, reply)) in enumerate(expected.items()):
        person = f"+1425555020{at}"
        before = len(_replies(inbound))
        inbound.hear(body, originationNumber=person, inboundMessageId=uuid4().hex)
        inbound.world.pass_time(seconds=5)
        consent = inbound.consent(person)
        assert (consent.status if consent is not None else None) is status, body
        sent = _replies(inbound)[before:]
        assert [reply in text for text in sent if reply] == ([True] if reply else []), (body, sent)


def test_unclear_texts_opt_out_where_a_deployment_says_so(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """The action that is allowed for every tier."""
    _set(monkeypatch, {"TIER_ACTIONS": "UNCLEAR=OPT_OUT"})
    inbound.hear("wrong number")
    assert inbound.world.listed()


def test_every_tier_has_its_actions() -> None:
    """Settings are read without loading the rules, so they name the tiers themselves."""
    assert set(_TIER_ACTIONS) == set(Tier)
    assert [tier for tier, actions in _TIER_ACTIONS.items() if "LEAVE" in actions] == [Tier.UNCLEAR]
    assert _TIER_ACTIONS[Tier.KEYWORD] == ("OPT_OUT",)


@pytest.mark.parametrize(
    ("given", "applies"),
    [
        ("SENTENCE=ASK,SENTENCE=OPT_OUT", "OPT_OUT"),
        ("SENTENCE=OPT_OUT,SENTENCE=ASK", "OPT_OUT"),
        ("SENTENCE=ASK", "ASK"),
    ],
)
def test_of_two_actions_for_one_tier_the_safer_applies(given: str, applies: str) -> None:
    """In a conflict opting out wins."""
    settings = Settings.from_environment(BASE | {"TIER_ACTIONS": given})
    assert settings.tier_actions == {"SENTENCE": applies}
    assert len(settings.problems) == given.count(",")


# --- replies


def test_a_reply_too_long_with_the_brand_is_sent_without_it(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    """The French START confirmation is the longest; the log names the reply, its length and the limit."""
    _set(monkeypatch, {"BRAND": "First National Community Federal Credit Union Assn"})
    for body in ("STOP", "COMMENCER"):
        inbound.hear(body, inboundMessageId=uuid4().hex)
        inbound.world.pass_time(days=40)
    first, second = _replies(inbound)
    assert first.startswith("First National")
    assert second.startswith("Abonnement confirmé.")
    assert [
        line["setting"] for line in _lines(logged, "a setting cannot be used")
    ] == []  # not at the start: French is not used
    (line,) = _lines(logged, "a reply does not fit")
    assert (line["setting"], line["reply"], line["language"]) == ("Brand", "OPT_IN_CONFIRMATION", "fr")
    assert "takes 162 GSM-7 units in 2 parts; at most 160" in line["problem"]


def test_help_without_a_contact_that_fits_is_not_answered(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply to HELP must say where help is found; the opt-out is confirmed all the same."""
    _set(monkeypatch, {"SUPPORT_CONTACT": LONG_CONTACT})
    inbound.hear("HELP", inboundMessageId="help")
    assert _replies(inbound) == []
    (answer,) = (item["answer"]["M"] for item in inbound.world.items() if item["sk"]["S"].startswith("ANSWER#"))
    assert answer["state"]["S"] == "FAILED"
    assert "fits in a message" in answer["reason"]["S"]
    inbound.hear("STOP", inboundMessageId="stop")
    assert len(_replies(inbound)) == 1


def test_help_has_the_contact_also_without_the_brand(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    """The brand gives way first."""
    _set(monkeypatch, {"BRAND": "B" * 100})
    inbound.hear("HELP")
    (reply,) = _replies(inbound)
    assert reply.startswith("For help, contact help.example.com.")


def test_a_brand_of_one_sender_that_does_not_fit_is_left_out_of_its_replies_only(inbound: Inbound) -> None:
    """Other senders answer in the stack's name."""
    inbound.configure(Sender(identity=OURS, list_name="Default", brand="B" * 140, language="tlh"))
    inbound.hear("STOP")
    assert _replies(inbound) == ["You are opted out and will receive no more messages. Reply START to opt back in."]
    assert inbound.world.listed()


def test_a_reply_that_is_left_over_goes_out_without_the_brand_too(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sweep and the API compose by the same rules."""
    _set(monkeypatch, {"BRAND": "B" * 140})
    inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
    inbound.hear("STOP")
    inbound.world.pass_time(seconds=30)
    sweep(inbound.world)
    assert [reply.startswith("You are opted out") for reply in _replies(inbound)] == [True]


# --- leases


@pytest.mark.parametrize(
    ("lease", "timeout", "applies", "problems"),
    [
        ("90", "60", 90, 0),
        ("90", "30", 90, 0),
        ("60", "30", 60, 0),
        ("59", "30", 90, 1),
        ("5", "29", 90, 1),
        ("90", "120", 150, 1),
        ("", "300", 330, 0),
        ("930", "900", 930, 0),
        ("900", "900", 930, 1),
        ("", "", 90, 0),
        ("30", "soon", 90, 2),
    ],
)
def test_a_lease_outlives_its_function_and_its_last_call(lease: str, timeout: str, applies: int, problems: int) -> None:
    """Otherwise a second worker calls the list while a call of the first may still take effect."""
    settings = Settings.from_environment(BASE | {"LEASE_SECONDS": lease, "TIMEOUT_SECONDS": timeout})
    assert (settings.lease.total_seconds(), len(settings.problems)) == (applies, problems)


def test_no_log_line_about_a_setting_holds_a_contact_or_a_number(
    inbound: Inbound, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    """A support contact may be a person's phone, and a number may stand in the wrong setting."""
    number = "+12025550142"
    _set(
        monkeypatch,
        {
            "SUPPORT_CONTACT": number * 12,
            "TIER_ACTIONS": f"{number}=ASK",
            "SUGGESTION_POSTBACKS": f"{number}=STOP",
            "DEFAULT_LANGUAGE": number,
            "ORDINARY_WORDS": "STOP",
            "PUT_RATE": number * 9,
            "OPT_OUT_SCOPE": number,
        },
    )
    inbound.hear("STOP")
    settings = {line["setting"] for line in _lines(logged, "a setting cannot be used")}
    assert settings == {
        "SupportContact",
        "TierActions",
        "SuggestionPostbacks",
        "DefaultLanguage",
        "OrdinaryWords",
        "PutRequestsPerSecond",
        "OptOutScope",
    }
    assert number[1:] not in logged.getvalue()
