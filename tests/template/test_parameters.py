"""CloudFormation refuses harmful parameter values before the deployment, and accepts all others."""

from __future__ import annotations

import re

import pytest
from support.template import template

from sms_consent.bootstrap.settings import Settings
from sms_consent.intent.keywords import _mandatory
from sms_consent.replies import Replies

PARAMETERS = template()["Parameters"]
BASE = {"LEDGER_TABLE": "ledger", "OPT_OUT_LIST": "Default", "BRAND": "Example", "SUPPORT_CONTACT": "help.example.com"}


def _accepts(parameter: str, value: str) -> bool:
    """As CloudFormation does: the pattern must match the whole value."""
    about = PARAMETERS[parameter]
    if "AllowedValues" in about:
        return value in about["AllowedValues"]
    return re.fullmatch(about["AllowedPattern"], value) is not None


@pytest.mark.parametrize(
    "word", [*sorted(_mandatory()), "STOP", "Opt-Out", "opt out", " stop ", "promo,STOP", "end,promo"]
)
def test_no_mandatory_word_can_be_deployed_with_another_meaning(word: str) -> None:
    """AWS's ten, the FCC's seven, START, UNSTOP and HELP."""
    accepted = [
        name
        for name in ("ExtraOptOutKeywords", "ExtraOptInKeywords", "ExtraHelpKeywords", "OrdinaryWords")
        if _accepts(name, word)
    ]
    meaning = {"start": "ExtraOptInKeywords", "unstop": "ExtraOptInKeywords", "help": "ExtraHelpKeywords"}
    assert accepted == [meaning.get(word, "ExtraOptOutKeywords")]


@pytest.mark.parametrize(
    "words",
    ["", "PIZZA", "stop promo,weekend", "No más promos, 退订促销", "friend,unstoppable", "help desk", "start now"],
)
def test_other_words_can(words: str) -> None:
    """Also those that contain one."""
    names = ("ExtraOptOutKeywords", "ExtraOptInKeywords", "ExtraHelpKeywords", "OrdinaryWords")
    assert all(_accepts(name, words) for name in names)


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("", True),
        ("SENTENCE=ASK,UNCLEAR=LEAVE", True),
        ("KEYWORD=OPT_OUT,COMPANY=ASK,MISSPELT=OPT_OUT", True),
        ("UNCLEAR=OPT_OUT", True),
        ("KEYWORD=LEAVE", False),
        ("KEYWORD=ASK", False),
        ("SENTENCE=LEAVE", False),
        ("COMPANY=LEAVE", False),
        ("SENTENCES=ASK", False),
        ("SENTENCE=ASK,", False),
        ("SENTENCE=ASK UNCLEAR=ASK", False),
    ],
)
def test_what_cloudformation_accepts_as_tier_actions_is_what_functions_accept(given: str, accepted: bool) -> None:
    """The pattern and the functions hold the same rules."""
    assert _accepts("TierActions", given) is accepted
    if accepted:
        assert Settings.from_environment(BASE | {"TIER_ACTIONS": given}).problems == ()


def test_a_default_language_is_one_with_every_reply() -> None:
    """Codes that stand for another language are accepted as before."""
    replies = Replies(brand="Example", support_contact="help.example.com")
    allowed = PARAMETERS["DefaultLanguage"]["AllowedValues"]
    assert set(replies.languages) < set(allowed)
    assert [code for code in allowed if not replies.has_language(code)] == []


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_default_is_accepted(name: str) -> None:
    """Or a stack could not be created without naming it."""
    about = PARAMETERS[name]
    if "Default" in about and ("AllowedValues" in about or "AllowedPattern" in about):
        assert (
            about["Default"] in about["AllowedValues"] if "AllowedValues" in about else _accepts(name, about["Default"])
        )


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("", True),
        ("promo:off=OPT_OUT", True),
        ("a=b=NONE,join the club=OPT_IN,{id}=HELP", True),
        ("promo:off", False),
        ("=OPT_OUT", False),
        ("promo=STOP", False),
        ("promo=UNCLEAR", False),
        ("promo=OPT_OUT,", False),
        (",promo=OPT_OUT", False),
    ],
)
def test_what_cloudformation_accepts_as_postbacks_is_what_functions_accept(given: str, accepted: bool) -> None:
    """The pattern and the functions hold the same rules."""
    assert _accepts("SuggestionPostbacks", given) is accepted
    assert (Settings.from_environment(BASE | {"SUGGESTION_POSTBACKS": given}).problems == ()) is (
        accepted or given.strip(",") != given
    )
