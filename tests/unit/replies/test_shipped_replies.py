"""Requirements of every shipped reply, in every language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sms_consent.replies
from sms_consent.domain.reply import ReplyKind
from sms_consent.replies import Replies
from sms_consent.replies.composer import Encoding, measure

FOLDER = Path(sms_consent.replies.__file__).parent
LANGUAGES = sorted(file.stem for file in (FOLDER / "languages").glob("*.json"))
# Scripts that GSM-7 has no letters for; every other language is written in it.
UCS_2_LANGUAGES = {"ar", "he", "ja", "ko", "ru", "uk", "zh"}
EVERY_REPLY = [(kind, language) for language in LANGUAGES for kind in ReplyKind]


@pytest.fixture(scope="module")
def replies() -> Replies:
    """A sender with a brand and a contact of usual length."""
    return Replies(brand="Example Pharmacy", support_contact="help@example.com")


def test_the_languages_promised_are_there(replies: Replies) -> None:
    """English, Spanish, French, Portuguese and German at least, and those of the keyword packs."""
    assert set(replies.languages) == {
        *("en", "es", "fr", "pt", "de", "it", "nl", "sv", "no", "da", "fi", "pl", "ru", "uk", "tr", "ar", "he"),
        *("zh", "ja", "ko"),
    }


@pytest.mark.parametrize(("kind", "language"), EVERY_REPLY)
def test_a_reply_is_in_the_language_asked_for(replies: Replies, kind: ReplyKind, language: str) -> None:
    """No language lacks a kind and falls back unseen."""
    assert replies.compose(kind, language).language == language


@pytest.mark.parametrize(("kind", "language"), EVERY_REPLY)
def test_a_language_that_gsm_7_can_write_fits_one_message_of_160(
    replies: Replies, kind: ReplyKind, language: str
) -> None:
    """One message costs once and arrives whole; the others stay within two joined parts."""
    size = measure(replies.compose(kind, language).body)
    if language in UCS_2_LANGUAGES:
        assert (size.encoding, size.units <= 134, size.parts <= 2) == (Encoding.UCS_2, True, True)
    else:
        assert (size.encoding, size.units <= 160, size.parts) == (Encoding.GSM_7, True, 1)


@pytest.mark.parametrize("language", sorted(UCS_2_LANGUAGES))
def test_a_script_outside_gsm_7_fits_one_part_with_a_short_brand(language: str) -> None:
    """Seventy units, for a brand of eight and a contact of twelve."""
    short = Replies(brand="Example.", support_contact="202-555-0142")
    assert all(measure(short.compose(kind, language).body).units <= 70 for kind in ReplyKind)


@pytest.mark.parametrize(("kind", "language"), EVERY_REPLY)
def test_a_reply_names_the_brand(replies: Replies, kind: ReplyKind, language: str) -> None:
    """CTIA: a person must see whom a text is from."""
    assert replies.compose(kind, language).body.startswith("Example Pharmacy")


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_holds_the_support_contact(replies: Replies, language: str) -> None:
    """AWS asks for contact information of customer support in the reply to HELP."""
    assert "help@example.com" in replies.compose(ReplyKind.HELP, language).body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_contains_the_word_that_ends_messages(replies: Replies, language: str) -> None:
    """Canada's French replies name ARRET, all others STOP."""
    assert ("ARRET" if language == "fr" else "STOP") in replies.compose(ReplyKind.ASK, language).body


@pytest.mark.parametrize(("kind", "language"), EVERY_REPLY)
def test_a_reply_names_only_words_that_are_understood(replies: Replies, kind: ReplyKind, language: str) -> None:
    """A word that we do not recognise would leave a person on the list, or off it, against their will."""
    named = set(re.findall(r"(?<![A-Z])[A-Z]{4,}(?![A-Z])", replies.compose(kind, language).body))
    assert named <= {"START", "STOP", "HELP", "ARRET", "AIDE"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_opt_out_confirmation_only_confirms_and_says_the_way_back(replies: Replies, language: str) -> None:
    """47 CFR 64.1200(a)(12) allows no marketing; FCC 12-143, paragraph 12, allows the way to opt back in."""
    body = replies.compose(ReplyKind.OPT_OUT_CONFIRMATION, language).body
    assert "START" in body
    assert "!" not in body
    assert "http" not in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_french_keyword_is_answered_in_french_whatever_the_default(language: str) -> None:
    """Canadian short code guidelines: ARRET in French, STOP in English."""
    replies = Replies(brand="Example", support_contact="help@example.com", default_language=language)
    assert replies.compose(ReplyKind.OPT_OUT_CONFIRMATION, "fr").body.startswith("Example : Désabonnement")
    assert replies.compose(ReplyKind.OPT_OUT_CONFIRMATION, "en").language == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_file_says_its_language_and_every_kind(language: str) -> None:
    """A misnamed file would answer people in a language that they did not use."""
    content = json.loads((FOLDER / "languages" / f"{language}.json").read_text(encoding="utf-8"))
    assert content["language"] == language
    assert list(content["replies"]) == list(ReplyKind)


def test_every_kind_has_requirements_with_sources() -> None:
    """What a reply must contain follows from a law or a published guideline."""
    requirements = json.loads((FOLDER / "requirements.json").read_text(encoding="utf-8"))
    assert list(requirements) == list(ReplyKind)
    assert all(rule["sources"] for rule in requirements.values())
