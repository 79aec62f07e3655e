"""Words that are not the sender's: reactions, quotations, automatic replies, and our own texts coming back."""

from __future__ import annotations

import pytest

from sms_consent.domain.reply import ReplyKind
from sms_consent.intent import Intent, RuleSet
from sms_consent.intent.non_authored_text import OwnReplies
from sms_consent.replies import Replies

RULES = RuleSet()
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
    result = RULES.classify(text)
    assert (result.intent, result.rule.split("/")[0]) == (Intent.NONE, "immune:reaction")


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
    assert RULES.classify(text).intent is Intent.NONE


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
    assert RULES.classify(text).intent is intent


REPLY = "Please Stop Texting: For help, contact help@example.com. Msg & data rates may apply. Reply STOP to opt out."
"""A reply whose brand asks for something, if somebody writes it of their own accord."""


def _read(text: str, *, sent: bool = True) -> Intent:
    """Return the intent of a text from a person who was, or was not, sent ``REPLY`` recently."""
    return RULES.classify(text, ours=lambda: OwnReplies([REPLY]), sent=lambda _: sent).intent


@pytest.mark.parametrize(
    "text",
    [
        REPLY,
        REPLY.upper(),
        REPLY.replace(".", "").replace(":", " -"),
        REPLY[:-8],
        f"{REPLY} ok",
        f"{REPLY} \U0001f44d",
        REPLY.replace("Msg & data", "Msg and data"),
    ],
)
def test_a_copy_of_a_reply_that_a_person_was_sent_asks_for_nothing(text: str) -> None:
    """Phones and carriers send our words back, with a few letters more or less; nine in ten agree."""
    assert _read(text, sent=False) is Intent.OPT_OUT
    assert _read(text) is Intent.NONE


@pytest.mark.parametrize(
    "text",
    [
        "Please stop texting",
        REPLY[: len(REPLY) // 2],
        f"This is the third time today that you write to me, and I have had enough of it: {REPLY}",
        "Please Stop Texting: what is it that you want? Reply STOP to opt out.",
    ],
)
def test_a_text_of_which_less_than_nine_tenths_is_a_reply_is_no_copy(text: str) -> None:
    """Whether it is a part of the reply, or the reply is a part of it."""
    assert _read(text) is Intent.OPT_OUT


@pytest.mark.parametrize("added", ["STOP", "please stop", "unsubscribe me", "ARRET"])
def test_what_is_added_to_a_copy_counts(added: str) -> None:
    """An explicit request, before or after our words."""
    assert _read(f"{REPLY}\n{added}") is Intent.OPT_OUT
    assert _read(f"{added}\n{REPLY}") is Intent.OPT_OUT


@pytest.mark.parametrize("brand", ["STOP Loss Insurance", "No More Spam"])
def test_a_text_that_begins_with_an_opt_out_keyword_is_no_copy(brand: str) -> None:
    """However much of it is a reply: a brand may begin with one, and so may a person."""
    reply = f"{brand}: You are opted in. Leave us alone? Reply HELP for help, STOP to opt out. Please stop."
    result = RULES.classify(reply, ours=lambda: OwnReplies([reply]), sent=lambda _: True)
    assert result.intent is Intent.OPT_OUT


def _replies() -> list[str]:
    replies = Replies(brand="Acme", support_contact="425-555-0100")
    return sorted({replies.compose(kind, language).body for kind in ReplyKind for language in replies.languages})


@pytest.mark.parametrize("body", _replies())
@pytest.mark.parametrize("form", ["{}", "> {}", "Liked “{}”", "Fwd: {}"])
def test_our_own_replies_fed_back_in_change_no_consent(body: str, form: str) -> None:
    """Also without knowing what was sent last: two machines must not talk each other in and out."""
    assert RULES.classify(form.format(body)).intent is Intent.NONE


@pytest.mark.parametrize("text", ["I replied STOP and you still text me", "Reply STOP", "STOP to end"])
def test_following_an_instruction_is_the_senders_own_request(text: str) -> None:
    """Words of our instruction in the sender's mouth."""
    assert RULES.classify(text).intent is Intent.OPT_OUT


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Tr: Braderie dimanche, désinscription par STOP\n\nMaman, on y va ?", Intent.NONE),
        ("WG: Flohmarkt, Abmeldung mit STOP\n\nGehen wir hin?", Intent.NONE),
        ("Fwd: Sale on Friday, text STOP to end\n\nplease stop texting me", Intent.OPT_OUT),
    ],
)
def test_a_forwarded_line_is_not_the_senders_own(text: str, intent: Intent) -> None:
    """The words below it are."""
    assert RULES.classify(text).intent is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ('Liked "Your appointment is confirmed". Also pls stop these texts', Intent.OPT_OUT),
        ('Disliked "Reply STOP to opt out" STOP', Intent.OPT_OUT),
        ("Questioned “Sale today! Text STOP to end”. yes take me off", Intent.OPT_OUT),
        ('Stop texting me! Liked "Your order shipped"', Intent.OPT_OUT),
        ("👍 to “Your order shipped” please unsubscribe me", Intent.OPT_OUT),
        ("\u200a\u200b👍\u200b to “\u200aReply STOP to end\u200a”\u200a remove me from your list", Intent.OPT_OUT),
        ("Gefällt „Ihr Termin ist bestätigt!“ Bitte keine SMS mehr", Intent.OPT_OUT),
        ("A aimé « Votre rendez-vous est confirmé ». Désabonnez-moi", Intent.OPT_OUT),
        ("Le gustó “Su cita está confirmada”. No me manden más mensajes", Intent.OPT_OUT),
        ("“Randevunuz onaylandı” mesajını beğendi. Artık mesaj atmayın", Intent.OPT_OUT),
        ("「ご予約を確認しました」に“いいね”しました。配信停止", Intent.OPT_OUT),
        ('Liked "Your appt is confirmed". I said "stop texting me"', Intent.OPT_OUT),
        ('Liked "Your appt is confirmed". See you then', Intent.NONE),
        ('Liked "Reply "STOP" to end". ok thanks', Intent.NONE),
        ("Emphasized “STOP to end, HELP for", Intent.NONE),
        ("\u200a\u200b👍\u200b to “\u200aReply STOP to", Intent.NONE),
        ('Liked "Your appt is confirmed" START', Intent.NONE),
    ],
)
def test_what_a_person_adds_to_a_reaction_counts(text: str, intent: Intent) -> None:
    """Only the phone's phrase and the quotation are set aside. Nothing beside them opts anybody in."""
    assert RULES.classify(text).intent is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        (
            "On Mon, Nov 3, Acme wrote:\n> Your order shipped\n> Reply STOP to end\n\nPlease stop texting me",
            Intent.OPT_OUT,
        ),
        ("On Mon, Nov 3, Acme wrote:\nYour order shipped. Reply STOP to end\n\nSTOP", Intent.OPT_OUT),
        ("Le lun. 3 nov., Acme a écrit :\n> Votre colis\n\nArrêtez de m'écrire", Intent.OPT_OUT),
        ("I wrote: stop texting me", Intent.OPT_OUT),
        ("As I said in my original message, remove me from your list", Intent.OPT_OUT),
        ("-----Original Message-----\nFrom: Acme\n\nSale! Unsubscribe", Intent.NONE),
        ('He said "take me off your list". I say: stop texting me. She said "me too"', Intent.OPT_OUT),
        ("> Reply START to opt back in\nSTART", Intent.NONE),
        ("> Reply HELP for help\nHELP", Intent.HELP),
    ],
)
def test_the_words_around_a_quotation_count(text: str, intent: Intent) -> None:
    """Above, below and between quotations; but nobody is opted in beside one."""
    assert RULES.classify(text).intent is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("It says reply STOP to end but nothing happens, take me off", Intent.OPT_OUT),
        ("Text HELP for help. STOP", Intent.OPT_OUT),
        ("Reply HELP for help. Please stop texting me", Intent.OPT_OUT),
        ("UNSUBSCRIBE THIS NUMBER AND STOP ALL TEXTS TO JOHN", Intent.OPT_OUT),
        ("STOP texting this number! QUIT bothering people here", Intent.OPT_OUT),
        ("THIS IS THE WRONG NUMBER. STOP TEXTING. END THIS", Intent.OPT_OUT),
        ("DON'T TEXT ME NO MORE", Intent.OPT_OUT),
        ("NOT INTERESTED IN SELLING. DON'T TEXT AGAIN", Intent.OPT_OUT),
        ("please STOP texting, my acct is 10293", Intent.OPT_OUT),
        ("I texted STOP to 12345 and you keep texting me", Intent.OPT_OUT),
        ("To unsubscribe from alerts text END to 12345.", Intent.UNCLEAR),
        ("Reply START to resubscribe", Intent.NONE),
        ("Text START to join again", Intent.NONE),
        ("START please", Intent.OPT_IN),
        ("Reply STOP to opt out", Intent.UNCLEAR),
        ("Text STOP to unsubscribe from alerts", Intent.UNCLEAR),
        ("Pour vous désinscrire, répondez STOP.", Intent.UNCLEAR),
        ("Zum Abbestellen antworten Sie mit STOP.", Intent.UNCLEAR),
        ("ARRET pour vous", Intent.OPT_OUT),
        ("STOP to end messages or HELP for help.", Intent.OPT_OUT),
        ("Acme sale on Friday. Reply STOP to end, HELP for help", Intent.NONE),
        ("Afmelden? Sms STOP naar 5050", Intent.OPT_OUT),
        ("I'm away. Text URGENT to reach me, reply STOP to stop these auto replies", Intent.NONE),
    ],
)
def test_an_instruction_takes_no_request_with_it(text: str, intent: Intent) -> None:
    """A text that is hardly more than an instruction is unclear; one that begins with its keyword follows it."""
    assert RULES.classify(text).intent is intent
