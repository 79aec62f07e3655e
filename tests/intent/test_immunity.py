"""Words that are not the sender's: reactions, quotations, automatic replies, and our own texts coming back."""

from __future__ import annotations

import pytest

from sms_consent.intent import Intent, Reader
from sms_consent.replies import Replies, ReplyKind

READER = Reader()
OURS = "Acme: Your order ships today. Reply STOP to opt out."


@pytest.mark.parametrize(
    "text",
    [
        "Liked “Reply STOP to end”",
        'Loved "Text STOP to unsubscribe"',
        "Emphasized “STOP to end, HELP for help",
        "Removed a like from “Reply STOP to end”",
        "👍 to “Reply STOP to end”",
        "Reacted ❤️ to “Reply STOP to end”",
        "Removed 😂 from “Reply STOP to end”",
        "\u200a\u200b👍\u200b to “\u200aReply STOP to end\u200a”\u200a",
        "\u200aRéaction \u200b👍\u200b à « \u200aSTOP\u200a »\u200a",
        "Le gustó “Responda STOP para darse de baja”",
        "A aimé « Répondez STOP »",
        "A réagi avec 👍 à « STOP au 36111 »",
        "Curtiu “Responda SAIR”",
        "Gefällt „Mit STOP abmelden“",
        "Ha messo mi piace a “Risponda STOP”",
        "Vindt “Antwoord STOP” leuk",
        "Gillade ”Svara STOPP”",
        "Likte «Svar STOPP»",
        "Syntes godt om “Svar STOP”",
        "Tykkäsi viestistä ”Vastaa STOP”",
        "Polubił “Odpisz STOP”",
        "Понравилось «Ответьте СТОП»",
        "Líbilo se „Odpovězte STOP“",
        "kedveli: „Válasz: STOP”",
        "“İptal için RET yazın” mesajını beğendi",
        "「STOPと返信」に“いいね”しました",
        "“STOP을 보내세요”에 좋아요를 표시함",
        "赞了“回复TD退订”",
    ],
)
def test_a_reaction_that_quotes_our_text_asks_for_nothing(text: str) -> None:
    """In every language of iOS and Android, and in those that no list holds, by its form."""
    reading = READER.read(text)
    assert (reading.intent, reading.rule.split("/")[0]) == (Intent.NONE, "immune:reaction")


@pytest.mark.parametrize(
    "text",
    [
        "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get where I'm going.",
        "I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification through",
        "Auto-reply: I am out of the office until Monday. Please do not text this number.",
        "Automatische Antwort: Ich bin bis Freitag nicht im Büro.",
        "Respuesta automática: estoy fuera de la oficina",
        "This number is not monitored. Please stop by our office.",
    ],
)
def test_an_automatic_reply_asks_for_nothing(text: str) -> None:
    """A machine has no wish."""
    assert READER.read(text).intent is Intent.NONE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("> " + OURS + "\nsounds good", Intent.NONE),
        ("> " + OURS + "\nSTOP", Intent.OPT_OUT),
        ("ok\n\nOn Mon, Nov 3, Acme wrote:\n" + OURS, Intent.NONE),
        ('You wrote "' + OURS + '" what is my order number?', Intent.NONE),
        ('he goes "take me off your list" and hangs up', Intent.NONE),
        ('I said "stop texting me"', Intent.OPT_OUT),
    ],
)
def test_quoted_words_are_not_the_senders(text: str, intent: Intent) -> None:
    """What is left after setting the quotation aside decides."""
    assert READER.read(text).intent is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        (OURS, Intent.NONE),
        (OURS + " thanks!", Intent.NONE),
        (OURS[:30], Intent.NONE),
        (OURS + "\nSTOP", Intent.OPT_OUT),
        ("STOP", Intent.OPT_OUT),
    ],
)
def test_a_text_that_contains_our_last_reply_is_read_without_it(text: str, intent: Intent) -> None:
    """Phones and carriers send our words back, whole or cut."""
    assert READER.read(text, last_reply=OURS).intent is intent


def _replies() -> list[str]:
    replies = Replies(brand="Acme", support_contact="425-555-0100")
    return sorted({replies.compose(kind, language).body for kind in ReplyKind for language in replies.languages})


@pytest.mark.parametrize("body", _replies())
@pytest.mark.parametrize("form", ["{}", "> {}", "Liked “{}”", "Fwd: {}"])
def test_our_own_replies_fed_back_in_change_no_consent(body: str, form: str) -> None:
    """Also without knowing what was sent last: two machines must not talk each other in and out."""
    assert READER.read(form.format(body)).intent is Intent.NONE


@pytest.mark.parametrize("text", ["I replied STOP and you still text me", "Reply STOP", "STOP to end"])
def test_doing_as_told_is_the_senders_own(text: str) -> None:
    """Words of our instruction in the sender's mouth."""
    assert READER.read(text).intent is Intent.OPT_OUT


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Tr: Braderie dimanche, désinscription par STOP\n\nMaman, on y va ?", Intent.NONE),
        ("WG: Flohmarkt, Abmeldung mit STOP\n\nGehen wir hin?", Intent.NONE),
        ("Fwd: Sale on Friday, text STOP to end\n\nplease stop texting me", Intent.OPT_OUT),
    ],
)
def test_a_forwarded_line_is_not_the_senders_own(text: str, intent: Intent) -> None:
    """What stands below it is."""
    assert READER.read(text).intent is intent
