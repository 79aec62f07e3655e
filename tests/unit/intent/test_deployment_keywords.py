"""A deployment's own words add to the built-in ones; none turns an opt-out into anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from rules.sources import keyword_files
from sms_consent.intent import Intent, RuleSet, Tier
from sms_consent.intent.normalisation import fold_keyword

PLAIN = RuleSet()
CORPUS = Path(__file__).parents[2] / "corpus"
MANDATORY = [
    *("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"),
    *("stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"),
    *("START", "UNSTOP", "HELP"),
]


def _opt_out_words() -> Iterator[str]:
    for pack in keyword_files():
        yield from pack.get("opt_out", ())


def test_no_built_in_opt_out_word_of_any_language_opts_in_or_asks_for_help() -> None:
    """All of them at once, as extra opt-in and help keywords."""
    words = sorted(set(_opt_out_words()))
    reader = RuleSet(opt_in=words[::2], help=words[1::2])
    assert [word for word in words if reader.classify(word) != PLAIN.classify(word)] == []
    assert {each.word for each in reader.ignored} == set(words)


@pytest.mark.parametrize(
    "word",
    [
        *(
            "Stop.",
            "“stop”",
            "ЅТОР",
            "s t o p",
            "S.T.O.P",
            "ＳＴＯＰ",
            "stop\u200b",
            "OPT  OUT",
            "opt/out",
            "un-subscribe",
        ),
        *(
            "stop please",
            "please stop",
            "pls stop texting",
            "unsubscribe me",
            "stpo",
            "unsubcribe",
            "5top",
            "$top",
            "stopp",
        ),
        *(
            "take me off your list",
            "no more texts",
            "退订",
            "退订谢谢",
            "baja por favor",
            "darme de baja",
            "Désabonner",
        ),
        *("wrong number", "para", "spam", "enough"),
    ],
)
@pytest.mark.parametrize("intent", [Intent.OPT_IN, Intent.HELP])
def test_a_text_that_opts_out_cannot_be_given_another_meaning(word: str, intent: Intent) -> None:
    """Spelt in any way that is classified as an opt-out: beside other words, misspelt, as a sentence, or unclear."""
    reader = RuleSet(opt_in=[word]) if intent is Intent.OPT_IN else RuleSet(help=[word])
    assert PLAIN.classify(word).intent in (Intent.OPT_OUT, Intent.UNCLEAR)
    assert reader.classify(word) == PLAIN.classify(word)
    assert [(each.given_as, each.word) for each in reader.ignored] == [(intent, word)]


@pytest.mark.parametrize(
    "text",
    [
        "club stop texting me",
        "STOP the club",
        "stpo",
        "stop promo",
        "please stop the promo messages",
        "stob",
        "Stop. Club",
    ],
)
def test_a_keyword_of_several_words_does_not_change_a_stop_beside_other_words(text: str) -> None:
    """Words for opting in and for help count as whole messages only, and change no other text."""
    reader = RuleSet(opt_in=["club stop", "promo", "stpb", "the club"], help=["stop promo now", "stob me", "club"])
    assert reader.classify(text) == PLAIN.classify(text)


@pytest.mark.parametrize(
    "word", [*MANDATORY, "ѕтор", "S T A R T", "h e l p", "un stop", "Help!", "ＨＥＬＰ", "Opt_Out"]
)
def test_no_mandatory_word_is_made_ordinary(word: str) -> None:
    """AWS's ten, the FCC's seven, START, UNSTOP and HELP keep their meaning, however they are spelt."""
    reader = RuleSet(ordinary=[word])
    assert reader.classify(word) == PLAIN.classify(word)
    assert [(each.given_as, each.word) for each in reader.ignored] == [(Intent.NONE, word)]


@pytest.mark.parametrize(
    "word", ["BAJA", "stopp", "退订", "YES", "JOIN", "Info", "wrong number", "STOPALL", "Отписаться"]
)
def test_any_other_built_in_word_can_be_made_ordinary(word: str) -> None:
    """In any spelling, and nothing is reported: this is what the setting is for."""
    reader = RuleSet(ordinary=[word])
    assert (reader.classify(word).intent, reader.classify(f" {word.lower()}! ").intent) == (Intent.NONE, Intent.NONE)
    assert reader.ignored == ()


@pytest.mark.parametrize("text", ["no more texts", "stpo", "please stop", "unsubscribe me now"])
def test_only_words_can_be_made_ordinary(text: str) -> None:
    """Sentences are classified by other rules, which no setting removes."""
    reader = RuleSet(ordinary=[text])
    assert reader.classify(text) == PLAIN.classify(text)
    assert [each.word for each in reader.ignored] == [text]


def test_a_word_made_ordinary_still_opts_out_in_a_sentence() -> None:
    """Only the keyword is removed."""
    reader = RuleSet(ordinary=["baja"])
    assert reader.classify("quiero darme de baja").intent is Intent.OPT_OUT
    assert [reader.classify(text).intent for text in ("stop baja", "Baja STOP", "baja end please")] == [
        Intent.OPT_OUT
    ] * 3


@pytest.mark.parametrize("word", ["START", "unstop", "Help", "ＵＮＳＴＯＰ", "s t a r t", "НЕLР"])
def test_no_opt_out_word_disables_start_unstop_or_help(word: str) -> None:
    """People must get back in, and must get help."""
    reader = RuleSet(opt_out=[word])
    assert reader.classify(word) == PLAIN.classify(word)
    assert [(each.given_as, each.word) for each in reader.ignored] == [(Intent.OPT_OUT, word)]


def test_start_cannot_ask_for_help_nor_help_opt_in() -> None:
    """Each keeps its own meaning."""
    reader = RuleSet(opt_in=["help"], help=["start", "Unstop"])
    assert [reader.classify(text).intent for text in ("HELP", "START", "UNSTOP")] == [
        Intent.HELP,
        Intent.OPT_IN,
        Intent.OPT_IN,
    ]
    assert len(reader.ignored) == 3


@pytest.mark.parametrize("spelt", ["promo", "PROMO!", "рrоmо", "ＰＲＯＭＯ", "please promo"])
def test_a_word_given_as_an_opt_out_and_as_something_else_opts_out(spelt: str) -> None:
    """Compared in normalised form, so also in look-alike letters and beside other words."""
    reader = RuleSet(opt_out=["Promo"], opt_in=[spelt], help=[spelt], ordinary=[spelt])
    assert reader.classify(spelt).intent is Intent.OPT_OUT
    assert {each.given_as for each in reader.ignored} >= {Intent.OPT_IN, Intent.HELP}


def test_a_word_given_as_a_request_for_help_and_as_an_opt_in_asks_for_help() -> None:
    """Nobody is opted in by a setting that contradicts itself."""
    reader = RuleSet(opt_in=["info desk"], help=["INFO DESK"])
    assert reader.classify("info desk").intent is Intent.HELP
    assert [each.given_as for each in reader.ignored] == [Intent.OPT_IN]


def test_words_that_collide_with_nothing_count() -> None:
    """What the settings are for; a built-in word of help may opt in, and a doubtful word may opt out."""
    reader = RuleSet(opt_out=["OUT", "No más promos"], opt_in=["PIZZA", "JOIN"], help=["WHO"], ordinary=["yes"])
    found = [reader.classify(text).intent for text in ("out", "no mas promos", "Pizza!", "join", "who?", "YES")]
    assert found == [Intent.OPT_OUT, Intent.OPT_OUT, Intent.OPT_IN, Intent.OPT_IN, Intent.HELP, Intent.NONE]
    assert reader.ignored == ()
    assert not reader.classify("join").everyday  # the deployment has said what it means here


@pytest.mark.parametrize("word", ["...", "🛑", " ", "\u200b"])
def test_a_word_without_a_letter_is_ignored(word: str) -> None:
    """It would match every text without a word."""
    reader = RuleSet(opt_out=[word], opt_in=[word], help=[word], ordinary=[word])
    assert reader.classify("").intent is Intent.NONE
    assert len(reader.ignored) == 4


@pytest.mark.parametrize(
    "word", ["YES", "yes!", "Go", "JOIN", "resume", "resume please", "Volver", "recibir", "DEVAM ET"]
)
def test_a_word_that_is_also_an_ordinary_answer_is_marked(word: str) -> None:
    """Carriers take it for START; it counts only for a person who opted out before."""
    result = PLAIN.classify(word)
    assert (result.intent, result.everyday) == (Intent.OPT_IN, True)


@pytest.mark.parametrize("word", ["START", "UNSTOP", "subscribe", "ALTA", "start please", "stratt", "STOP", "HELP"])
def test_other_words_are_not(word: str) -> None:
    """Nobody answers a reminder with them."""
    assert not PLAIN.classify(word).everyday


def test_no_everyday_word_means_anything_but_an_opt_in() -> None:
    """The mark is about opt-ins."""
    marked = [word for pack in keyword_files() for word in pack.get("everyday", ())]
    assert {(PLAIN.classify(word).intent, PLAIN.classify(word).tier) for word in marked} == {
        (Intent.OPT_IN, Tier.KEYWORD)
    }


@cache
def _opt_outs_of_the_corpus() -> list[str]:
    """A part of it, so that this takes little time."""
    texts = (json.loads(line)["text"] for line in (CORPUS / "dev.jsonl").read_text(encoding="utf-8").splitlines()[::20])
    return [text for text in texts if PLAIN.classify(text).intent is Intent.OPT_OUT]


def test_an_extra_opt_out_word_does_not_hide_another_opt_out() -> None:
    """With this keyword the text looks like an instruction to send it; the built-in rules still find the request."""
    text = "My client, who is blind, doesn't want text messages at all"
    assert RuleSet(opt_out=["messages"]).classify(text).intent is Intent.OPT_OUT


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["opt_out", "opt_in", "help"])
def test_no_extra_word_costs_another_text_its_meaning(setting: str) -> None:
    """Lower tiers use keywords too: "text" as a keyword made "please do not text me" an instruction, for example."""
    words = [
        "text",
        "texts",
        "messages",
        "please",
        "me",
        "the",
        "promo",
        "stob",
        "stark",
        "no",
        "unsub me",
        "off your list",
    ]
    reader = RuleSet(**{setting: words})  # type: ignore[arg-type]  # all of its settings of words
    assert [text for text in _opt_outs_of_the_corpus() if reader.classify(text).intent is not Intent.OPT_OUT] == []


@pytest.mark.slow
def test_no_word_made_ordinary_costs_another_text_its_meaning() -> None:
    """With every word removed that can be, texts with a mandatory word and sentences still opt out, and none opts in."""
    removable = sorted(set(_opt_out_words()))
    reader = RuleSet(ordinary=removable)
    removed = {fold_keyword(word) for word in removable} - {fold_keyword(each.word) for each in reader.ignored}
    for text in _opt_outs_of_the_corpus():
        before, now = PLAIN.classify(text), reader.classify(text)
        if fold_keyword(before.rule.partition("/")[2]) not in removed:
            assert now.intent is Intent.OPT_OUT, text
        else:
            assert now.intent in (Intent.OPT_OUT, Intent.UNCLEAR, Intent.NONE), text
