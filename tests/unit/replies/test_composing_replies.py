"""Composition of replies, and validation of their settings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sms_consent
from sms_consent.domain.reply import ReplyKind
from sms_consent.replies import Replies, UnfitReply
from sms_consent.replies.composer import Encoding, fault_of_text, measure

CONTACT = "help@example.com"
STOPPED = ReplyKind.OPT_OUT_CONFIRMATION


def with_override(name: str, text: str) -> Replies:
    """A deployment with one text of its own."""
    return Replies(brand="Example", support_contact=CONTACT, overrides={name: text})


def attempt(brand: str, contact: str, language: str) -> tuple[Replies | None, tuple[str, ...]]:
    """The replies, or what is said against them."""
    try:
        return Replies(brand=brand, support_contact=contact, default_language=language), ()
    except UnfitReply as refused:
        return None, refused.problems


def problem_of(name: str, text: str) -> str:
    """What is said of a deployment's text that is refused."""
    with pytest.raises(UnfitReply) as refused:
        with_override(name, text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("asked", "given_in"),
    [("pt-BR", "pt"), ("PT_pt", "pt"), ("nb", "no"), ("nn-NO", "no"), ("iw", "he"), ("zh-Hant", "zh"), (" De ", "de")],
)
def test_a_regional_tag_gets_its_language(asked: str, given_in: str) -> None:
    """Texts are kept a language, not a country."""
    assert Replies(brand="Example", support_contact=CONTACT).compose(STOPPED, asked).language == given_in


@pytest.mark.parametrize("asked", [None, "", "xx", "tlh", "not a language"])
def test_an_unknown_language_gets_the_default_one(asked: str | None) -> None:
    """A person is always answered."""
    replies = Replies(brand="Example", support_contact=CONTACT, default_language="es")
    assert replies.compose(STOPPED, asked).language == "es"


def test_a_default_language_without_texts_is_refused() -> None:
    """It is what everything else falls back to."""
    with pytest.raises(UnfitReply, match="The default language must be one with every reply: ar, da, de"):
        Replies(brand="Example", support_contact=CONTACT, default_language="tlh")


def test_an_override_replaces_one_text_and_no_other() -> None:
    """The rest stays as shipped."""
    replies = with_override("HELP.en", "{brand} support: {support}")
    assert replies.compose(ReplyKind.HELP, "en").body == f"Example support: {CONTACT}"
    assert replies.compose(ReplyKind.HELP, "de").body.startswith("Example: Hilfe")


def test_an_override_may_bring_a_further_language() -> None:
    """What is not given in it falls back to the default."""
    replies = with_override("HELP.cs", "{brand}: pomoc na {support}.")
    assert replies.compose(ReplyKind.HELP, "cs").body == f"Example: pomoc na {CONTACT}."
    assert replies.compose(STOPPED, "cs").language == "en"
    assert "cs" not in replies.languages


@pytest.mark.parametrize("name", ["HELP", "HELP.", "help.en", "BYE.en", "HELP.english", "HELP.e1", "en.HELP", ""])
def test_an_override_of_no_known_reply_is_refused(name: str) -> None:
    """A misspelt name would change nothing, silently."""
    assert f"{name!r} names no reply" in problem_of(name, "{brand}: contact {support}")


def test_two_overrides_of_one_text_are_refused() -> None:
    """fr and fr-CA are one language here; which of the two would count is nobody's guess."""
    twice = {"HELP.fr": "{brand} : {support}", "HELP.fr-CA": "{brand} : appelez {support}"}
    with pytest.raises(UnfitReply, match=r"HELP\.fr is given twice"):
        Replies(brand="Example", support_contact=CONTACT, overrides=twice)


@pytest.mark.parametrize("kind", ReplyKind)
def test_a_text_without_the_brand_is_refused(kind: ReplyKind) -> None:
    """Nobody should have to guess who has stopped."""
    assert f"{kind}.en lacks {{brand}}" in problem_of(f"{kind}.en", "You get no more messages. Ask {support}.")


def test_a_help_text_without_the_contact_is_refused() -> None:
    """AWS asks for customer support's contact information in it."""
    assert "HELP.en lacks {support}" in problem_of("HELP.en", "{brand}: Reply STOP to opt out.")


@pytest.mark.parametrize(
    "text",
    ["{brand} {name}.", "{brand} {}.", "{brand} {brand!r}.", "{brand} {brand.x}.", "{brand}} a b", "{{brand}} a b"],
)
def test_braces_around_anything_else_are_refused(text: str) -> None:
    """Otherwise the person would see the braces."""
    assert "HELP.en holds braces other than {brand} and {support}" in problem_of("HELP.en", text + " {support}")


@pytest.mark.parametrize("text", ["Offers at https://shop.example", "See WWW.shop.example", "http://shop.example"])
def test_a_link_in_an_opt_out_confirmation_is_refused(text: str) -> None:
    """47 CFR 64.1200(a)(12): it only confirms."""
    assert "OPT_OUT_CONFIRMATION.en holds a link" in problem_of(
        "OPT_OUT_CONFIRMATION.en", "{brand}: you are opted out. " + text
    )


def test_a_contact_that_is_a_link_is_no_link_in_the_text() -> None:
    """The FCC allows the confirmation to say how to reach the sender."""
    replies = Replies(
        brand="Example",
        support_contact="https://example.com/help",
        overrides={"OPT_OUT_CONFIRMATION.en": "{brand}: you are opted out. Questions: {support}"},
    )
    assert replies.compose(STOPPED, "en").body.endswith("https://example.com/help")


@pytest.mark.parametrize(
    "text", ["{brand} STOP", "STOP {brand}", "{brand}: UNSUBSCRIBE.", "{brand}", "{brand}: 退订。"]
)
def test_a_text_that_is_a_bare_word_is_refused(text: str) -> None:
    """Another system that answers texts might take it for a keyword, and so might we."""
    assert "ASK.en is a word and not a sentence" in problem_of("ASK.en", text)


@pytest.mark.parametrize("char", ["\n", "\r", "\t", "\x00", "\x1b", "\x85", "\u2028"])
def test_a_control_character_is_refused_and_named(char: str) -> None:
    """It shows differently, or not at all, on every phone."""
    assert f"HELP.en holds the control character U+{ord(char):04X}" in problem_of(
        "HELP.en", "{brand}: ask" + char + "{support} now"
    )
    with pytest.raises(UnfitReply, match=rf"The brand holds the control character U\+{ord(char):04X}"):
        Replies(brand=f"Exam{char}ple", support_contact=CONTACT)


def test_half_a_surrogate_pair_is_refused() -> None:
    """It can be sent in no encoding."""
    with pytest.raises(UnfitReply, match=r"The brand holds half a character, U\+D83D"):
        Replies(brand="Example \ud83d", support_contact=CONTACT)


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_brand_or_contact_is_refused(empty: str) -> None:
    """Both are said at once, so that settings are corrected once."""
    with pytest.raises(UnfitReply) as refused:
        Replies(brand=empty, support_contact=empty)
    assert [problem.partition(" is empty")[0] for problem in refused.value.problems] == [
        "The brand",
        "The support contact",
    ]


def test_a_refusal_says_which_text_how_long_and_what_to_do() -> None:
    """An engineer can act on it without counting septets."""
    with pytest.raises(UnfitReply) as refused:
        Replies(brand="B" * 80, support_contact=CONTACT, overrides={"HELP.en": "{brand}: " + "x" * 70 + " {support}"})
    help_en = next(problem for problem in refused.value.problems if problem.startswith("HELP.en"))
    assert help_en == (
        "HELP.en takes 169 GSM-7 units in 2 parts; at most 160 in one message. "
        "Shorten the brand (80 characters) or the support contact (16 characters) by 9, or give a shorter HELP.en."
    )


def test_a_refusal_names_the_characters_that_cost_the_most() -> None:
    """One curly apostrophe takes the whole text out of GSM-7, and is seen by nobody."""
    with pytest.raises(UnfitReply) as refused:
        Replies(brand="Lee’s Diner " * 3, support_contact=CONTACT)
    assert "Outside GSM-7, which would allow 160: U+2019 in the brand." in str(refused.value)


def test_a_refusal_spells_out_the_worst_and_counts_the_rest() -> None:
    """A brand too long is too long in eighty texts; one screen is enough."""
    with pytest.raises(UnfitReply) as refused:
        Replies(brand="B" * 150, support_contact=CONTACT)
    problems = refused.value.problems
    assert str(refused.value).splitlines() == [*problems[:3], f"And {len(problems) - 3} more."]
    excess = [
        int(found[1]) - int(found[2]) for each in problems if (found := re.search(r"takes (\d+).*most (\d+)", each))
    ]
    assert len(excess) == len(problems)
    assert excess == sorted(excess, reverse=True)


def test_a_refusal_does_not_quote_the_contact() -> None:
    """It may be a phone number, and errors go to logs."""
    with pytest.raises(UnfitReply) as refused:
        Replies(brand="B" * 150, support_contact="202-555-0142")
    assert not any("0142" in problem for problem in refused.value.problems)


def test_a_text_of_exactly_160_is_accepted_and_one_more_is_not() -> None:
    """The bound itself."""
    fixed = len("Example:  ") + len(CONTACT)
    assert (
        len(
            with_override("HELP.en", "{brand}: " + "a" * (160 - fixed) + " {support}")
            .compose(ReplyKind.HELP, "en")
            .body
        )
        == 160
    )
    assert "takes 161 GSM-7 units" in problem_of("HELP.en", "{brand}: " + "a" * (161 - fixed) + " {support}")


def test_a_brand_outside_gsm_7_may_take_two_parts() -> None:
    """Żabka is allowed its name; 134 units in two joined parts are the bound then."""
    size = measure(Replies(brand="Żabka", support_contact=CONTACT).compose(ReplyKind.OPT_IN_CONFIRMATION, "en").body)
    assert (size.encoding, size.parts) == (Encoding.UCS_2, 2)


def test_a_decomposed_brand_is_sent_composed() -> None:
    """é as two characters would force UCS-2; as one it is in GSM-7."""
    body = Replies(brand="Cafe\u0301", support_contact=CONTACT).compose(STOPPED, "en").body
    assert body.startswith("Café:")
    assert measure(body).encoding is Encoding.GSM_7


def test_braces_in_a_brand_are_left_alone() -> None:
    """A brand is no template."""
    body = Replies(brand="{support}", support_contact=CONTACT).compose(ReplyKind.HELP, "en").body
    assert body.startswith("{support}: For help, contact help@example.com")


def test_a_sender_may_bring_its_own_brand_contact_and_language() -> None:
    """One stack answers for several programmes, with one set of texts."""
    stack = Replies(brand="Example", support_contact=CONTACT, overrides={"HELP.de": "{brand}: fragen Sie {support}."})
    own = stack.for_brand("Beispiel", "hilfe@example.org", "de")
    assert own.compose(ReplyKind.HELP, None).body == "Beispiel: fragen Sie hilfe@example.org."
    assert stack.for_brand(language="fr").compose(STOPPED, None).body.startswith("Example : Désabonnement")


def test_a_sender_with_an_unfit_brand_is_refused_when_built() -> None:
    """Not when a person is waiting for a confirmation."""
    with pytest.raises(UnfitReply, match="Shorten the brand"):
        Replies(brand="Example", support_contact=CONTACT).for_brand("B" * 150)


@given(
    brand=st.one_of(st.text(max_size=90), st.text("aé€{}[]~\\ ’Ż的🛑\u0301", max_size=90)),
    contact=st.one_of(st.just(CONTACT), st.text("0123456789-+@.exampl€’🛑", max_size=60)),
    language=st.sampled_from(["en", "es", "fr", "pt", "de", "tr", "ru", "zh"]),
)
@settings(max_examples=150)
def test_any_brand_either_fits_every_text_or_is_refused_with_what_to_do(
    brand: str, contact: str, language: str
) -> None:
    """No brand and contact lead to a text over the limit, or to another error."""
    replies, problems = attempt(brand, contact, language)
    assert (replies is None) == bool(problems)
    assert all("brand" in problem or "support contact" in problem for problem in problems)
    "".join(problems).encode()  # or it could not be logged
    if replies is None:
        return
    for tag in replies.languages:
        for kind in ReplyKind:
            size = measure(replies.compose(kind, tag).body)
            units, parts = (160, 1) if size.encoding is Encoding.GSM_7 else (134, 2)
            assert size.units <= units
            assert size.parts <= parts


@given(
    brand=st.one_of(st.text(max_size=90), st.text("aé€{}[]~\\ ’Ż的🛑\u0301\n\ud83d", max_size=200)),
    contact=st.one_of(st.just(CONTACT), st.text("0123456789-+@.exampl€’🛑\x07", max_size=170)),
    language=st.one_of(st.sampled_from(["en", "fr", "zh", "nb"]), st.text(max_size=8)),
)
@settings(max_examples=100)
def test_with_any_settings_every_reply_fits_or_is_not_sent(brand: str, contact: str, language: str) -> None:
    """Functions compose without checking first: nothing is raised, and a reply that is not as configured says why."""
    replies = Replies(brand=brand, support_contact=contact, default_language=language, checked=False)
    for tag in (None, *replies.languages):
        for kind in ReplyKind:
            reply = replies.compose(kind, tag)
            size = measure(reply.body)
            assert size.parts <= (1 if size.encoding is Encoding.GSM_7 else 2)
            assert fault_of_text(reply.body) is None
            if kind is ReplyKind.HELP and reply.body:
                assert replies._support_contact in reply.body
            if kind is not ReplyKind.HELP:
                assert reply.body
            if reply.unfit is None:
                assert replies._brand in reply.body
            if reply.unfit is not None:
                assert reply.unfit.without_brand is bool(reply.body)
                reply.unfit.reason.encode()  # or it could not be logged


@pytest.mark.parametrize("language", ["ar", "da", "de", "en", "es", "fr", "he", "ja", "ru", "uk", "zh"])
@pytest.mark.parametrize("kind", ReplyKind)
def test_the_wording_without_a_brand_is_a_complete_sentence(kind: ReplyKind, language: str) -> None:
    """It begins where the brand and its punctuation end, and says the same."""
    body = Replies(brand="B" * 200, support_contact=CONTACT, checked=False).compose(kind, language).body
    whole = Replies(brand="Example", support_contact=CONTACT).compose(kind, language).body
    assert body
    assert whole.endswith(body)
    assert whole.removesuffix(body).strip(" :.：") == "Example"


def test_a_reply_that_does_not_fit_affects_no_other() -> None:
    """Fifty characters of brand are too many for one reply of eighty."""
    replies = Replies(brand="B" * 50, support_contact=CONTACT, checked=False)
    (unfit,) = replies.unfit()
    assert (unfit.kind, unfit.language, unfit.units, unfit.limit) == (ReplyKind.OPT_IN_CONFIRMATION, "fr", 162, 160)
    assert replies.unfit(["en", "es", "zh"]) == ()


def test_replies_load_neither_an_aws_client_nor_a_validation_library() -> None:
    """They are on the way of every cold start."""
    program = (
        "import sys; from sms_consent.replies import Replies; "
        "Replies(brand='Example', support_contact='help@example.com'); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    functions = str(Path(sms_consent.__file__).parents[1])
    ran = subprocess.run(  # noqa: S603  our own interpreter and program
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {functions!r}); {program}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.strip() == "['__main__', 'sms_consent']"


def test_no_text_is_read_before_it_is_asked_for() -> None:
    """Importing a module has no side effect."""
    program = "import sms_consent.replies, sms_consent.replies.composer as t; print(t.shipped.cache_info().currsize)"
    functions = str(Path(sms_consent.__file__).parents[1])
    ran = subprocess.run(  # noqa: S603  our own interpreter and program
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {functions!r}); {program}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.strip() == "0"
