"""What our own replies mean when they come back to us, and whether what they tell people to write is understood."""

from __future__ import annotations

import pytest

from sms_consent.clock import SystemClock
from sms_consent.intent import Intent, Reader
from sms_consent.pacing import Pace
from sms_consent.postman import Postman
from sms_consent.replies import Replies, ReplyKind


class NoTexting:
    """Nothing is sent here."""

    def send(self, *, to: str, sender: str, body: str, reference: str) -> str:
        raise NotImplementedError


@pytest.fixture(scope="module")
def replies() -> Replies:
    """A sender with a brand and a contact of usual length."""
    return Replies(brand="Example Pharmacy", support_contact="help@example.com")


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The built-in rules."""
    return Reader()


@pytest.mark.parametrize("kind", ReplyKind)
def test_a_reply_that_comes_back_asks_for_nothing(replies: Replies, reader: Reader, kind: ReplyKind) -> None:
    """A number that forwards or echoes texts must not be opted out, nor answered for ever, by our own words."""
    postman = Postman(NoTexting(), replies, lambda _: None, Pace(SystemClock()))
    read = {}
    for language in replies.languages:
        body = replies.compose(kind, language).body
        # As InboundFunction reads a text that seems to ask for something: without what its sender of ours says.
        ours = postman.echoed("+12125550101", body)
        read[language] = min((reader.read(body, last_reply=each).intent for each in ours), key=Intent.NONE.__ne__)
    assert read == dict.fromkeys(replies.languages, Intent.NONE)


@pytest.mark.parametrize(
    ("word", "intent"),
    [
        ("STOP", Intent.OPT_OUT),
        ("ARRET", Intent.OPT_OUT),
        ("START", Intent.OPT_IN),
        ("HELP", Intent.HELP),
        ("AIDE", Intent.HELP),
    ],
)
def test_a_word_that_replies_name_is_understood(reader: Reader, word: str, intent: Intent) -> None:
    """Whoever writes what a reply told them to write gets what it promised."""
    assert reader.read(word).intent is intent
