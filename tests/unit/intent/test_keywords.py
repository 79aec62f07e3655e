"""Whole-message keywords."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.sources import keyword_files
from sms_consent.intent import Intent, RuleSet, Tier
from sms_consent.intent.normalisation import fold_keyword

RULES = RuleSet()
PACKS = keyword_files()
INTENTS = {
    "opt_out": Intent.OPT_OUT,
    "opt_in": Intent.OPT_IN,
    "help": Intent.HELP,
    "unclear": Intent.UNCLEAR,
    "ordinary": Intent.NONE,
}


def _listed() -> Iterator[tuple[str, str, Intent]]:
    for pack in PACKS:
        for name, intent in INTENTS.items():
            for word in pack.get(name, ()):
                yield pack["id"], word, intent


AWS_REQUIRED = ["ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"]
FCC_REVOCATIONS = ["stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"]
TWILIO_OPT_OUT = ["STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"]


@pytest.mark.parametrize(
    "word", sorted({*AWS_REQUIRED, *FCC_REVOCATIONS, *TWILIO_OPT_OUT, "STOP ALL", "UNSUB", "ARRET"})
)
def test_a_required_word_opts_out(word: str) -> None:
    """The words of AWS, the FCC and the platforms opt out, as the whole message."""
    result = RULES.classify(word)
    assert (result.intent, result.tier) == (Intent.OPT_OUT, Tier.KEYWORD)


@pytest.mark.parametrize("word", ["START", "UNSTOP", "YES", "RESUME", "SUBSCRIBE", "VOLVER", "VOLTAR", "ALTA"])
def test_an_opt_in_word_opts_in(word: str) -> None:
    """The opt-in words of the platforms opt in, as the whole message."""
    assert RULES.classify(word).intent is Intent.OPT_IN


@pytest.mark.parametrize("word", ["HELP", "INFO", "AIDE", "AYUDA", "HILFE", "ヘルプ"])
def test_a_help_word_asks_for_help(word: str) -> None:
    """HELP, Canada's words and those of other languages ask for help."""
    assert RULES.classify(word).intent is Intent.HELP


@pytest.mark.parametrize(("pack", "word", "intent"), list(_listed()))
def test_every_listed_word_means_what_its_source_says(pack: str, word: str, intent: Intent) -> None:
    """No source's word is lost or overruled by another source's."""
    assert RULES.classify(word).intent is intent, (pack, word)


def test_no_word_has_two_meanings() -> None:
    """A word that clashes across sources must be settled in the data, in one place, with its reason."""
    meanings: dict[str, set[Intent]] = defaultdict(set)
    for _, word, intent in _listed():
        meanings[fold_keyword(word)].add(intent)
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}


def test_every_source_is_named_with_a_date() -> None:
    """A rule that nobody can trace is no evidence."""
    assert [pack["id"] for pack in PACKS if not (pack["title"] and pack["source"] and pack["date"])] == []


def test_words_are_reserved_for_whole_messages_only_if_they_are_listed() -> None:
    """A typing error in the data would let an ordinary word count beside other words."""
    stray = [
        (pack["id"], word)
        for pack in PACKS
        for word in pack.get("whole_message_only", ())
        if RULES.classify(word).intent is Intent.NONE
    ]
    assert stray == []


@pytest.mark.parametrize(
    "text",
    [
        "Stop.",
        "“STOP”",
        "STOP 🛑",
        "ＳＴＯＰ",
        "stop\u200b",
        "\u200fSTOP\u200e",
        " stop\r\n",
        "'stop'",
        "¡Stop!",
        "𝐒𝐓𝐎𝐏",
        "ＳＴＯＰ！",
        "«Stop»",
        "Stop…",
        "(STOP)",
        "*STOP*",
        "stop\ufe0f",
        "st\u00adop",
        "STOP 👍🏽",
        "ЅТОР",
        "ѕtор",
        "ꜱᴛᴏᴘ",
    ],
)
def test_what_a_phone_adds_to_a_word_does_not_matter(text: str) -> None:
    """Case, Unicode form, white space, punctuation, quotes, invisible characters, emoji and look-alikes fold away."""
    result = RULES.classify(text)
    assert (result.intent, result.tier) == (Intent.OPT_OUT, Tier.KEYWORD)


@pytest.mark.parametrize(
    "text",
    [
        "WEEKEND",
        "send",
        "the end of the week",
        "FRIEND",
        "bend",
        "unstoppable",
        "cancellation",
        "attend",
        "ok",
        "no",
        "No.",
        "fine",
        "seis",
        "red",
        "son",
        "Yes, see you there",
        "",
        " ",
        "🛑",
        "?!",
        "x",
        "T",
        "\x00",
        "\ud800",
        "5",
    ],
)
def test_an_ordinary_text_is_no_keyword(text: str) -> None:
    """Words that contain a keyword, ordinary answers, and texts without a word ask for nothing."""
    assert RULES.classify(text).intent is Intent.NONE


@pytest.mark.parametrize("text", ["para", "fin", "slut", "uit", "Peru"])
def test_a_word_that_clashes_across_languages_is_unclear(text: str) -> None:
    """Stop in one language and an ordinary answer in another: ask."""
    assert RULES.classify(text).intent is Intent.UNCLEAR


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ARRET", "fr"),
        ("DETENER", "es"),
        ("abmelden", "de"),
        ("退订", "zh"),
        ("수신거부", "ko"),
        ("STOP", None),
        ("START", None),
        ("СТОП", None),
        ("einde", "nl"),
        ("dur", "tr"),
        ("stopp", None),
    ],
)
def test_a_word_of_one_language_tells_the_language_of_the_reply(text: str, language: str | None) -> None:
    """Canada: STOP is answered in English, ARRET in French. A word shared by languages leaves it to the sender's."""
    assert RULES.classify(text).language == language


def test_the_words_are_kept_as_the_sender_wrote_them() -> None:
    """Evidence is a quotation."""
    assert RULES.classify("  “Opt-Out”! ").matched == "Opt-Out"


def test_the_rule_names_its_source() -> None:
    """A rule's id is stable, and begins with the source."""
    assert RULES.classify("stop").rule == "keyword:aws/STOP"


def test_a_deployment_adds_its_own_words() -> None:
    """Custom keywords count like built-in ones."""
    reader = RuleSet(opt_out=["No más promos"], opt_in=["PIZZA"], help=["WHO"])
    found = [reader.classify(text).intent for text in ("NO MAS PROMOS!", "pizza", "Who?")]
    assert found == [Intent.OPT_OUT, Intent.OPT_IN, Intent.HELP]
    assert reader.classify("pizza").rule == "keyword:custom/PIZZA"


def test_a_deployment_switches_a_word_off() -> None:
    """Where texts ask yes-or-no questions, YES is an answer."""
    assert RuleSet(ordinary=["yes"]).classify("YES").intent is Intent.NONE


KEYS = sorted({word for _, word, intent in _listed() if intent is not Intent.NONE})
AROUND = st.text(
    st.sampled_from(
        " \t\n.,!?;:'\"“”‘’…()[]{}<>*~-–—_/|\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2066\u2069\ufeff\ufe0f\u00a0"
        "🛑😡🙏👍🏽❤✋"
    ),
    max_size=12,
)


@given(word=st.sampled_from(KEYS), before=AROUND, after=AROUND)
def test_nothing_around_a_keyword_changes_its_meaning(word: str, before: str, after: str) -> None:
    """White space, punctuation, quotes, invisible characters and emoji, in any mixture."""
    assert RULES.classify(before + word + after).intent is RULES.classify(word).intent


@given(word=st.sampled_from(KEYS), data=st.data())
def test_an_invisible_character_inside_a_keyword_changes_nothing(word: str, data: st.DataObject) -> None:
    """Phones and web forms put them there; nobody sees them."""
    place = data.draw(st.integers(0, len(word)))
    invisible = data.draw(st.sampled_from("\u200b\u2060\ufeff\u00ad\u200e"))
    assert RULES.classify(word[:place] + invisible + word[place:]).intent is RULES.classify(word).intent


@given(st.text(st.characters(), max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    """Lone surrogates, NUL, unassigned characters: a classification, never an error."""
    result = RULES.classify(text)
    assert result.matched == "" or result.intent is not Intent.NONE
