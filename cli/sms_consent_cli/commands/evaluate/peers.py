"""Opt-out rules of other vendors, implemented from their documentation."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sms_consent_cli.commands.evaluate.corpus import Label

# docs.aws.amazon.com/sms-voice/latest/userguide/opt-out-list-keywords.html
AWS_KEYWORDS = ("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE")
# twilio.com/docs/messaging/tutorials/advanced-opt-out
TWILIO_KEYWORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT")
# Rules without a vendor get both lists and the FCC's "opt out" (47 CFR 64.1200(a)(10)), so that keywords are not their limit.
ALL_KEYWORDS = frozenset(AWS_KEYWORDS) | frozenset(TWILIO_KEYWORDS) | {"OPT OUT"}
# www.braze.com/docs, "Opt-in and opt-out keywords"
BRAZE_KEYWORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT")


@dataclass(frozen=True, slots=True)
class PeerReading:
    """A peer's result. Peers know opt-outs only, and no tiers."""

    intent: Label
    tier: None = None
    rule: None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """A published rule and its source."""

    name: str
    source: str
    opts_out: Callable[[str], bool]

    def classify(self, text: str, /) -> PeerReading:
        """Classify a text as OPT_OUT or NONE."""
        return PeerReading(Label.OPT_OUT if self.opts_out(text) else Label.NONE)


def exact(text: str) -> bool:
    """Return whether the trimmed text is a keyword, in any case."""
    return text.strip().upper() in ALL_KEYWORDS


def first_word(text: str) -> bool:
    """Return whether the text begins with a keyword as a word."""
    return _FIRST.match(text) is not None


def contains_word(text: str) -> bool:
    """Return whether a keyword occurs anywhere as a word."""
    return _ANYWHERE.search(text) is not None


def substring(text: str) -> bool:
    """Return whether the letters of a keyword occur anywhere."""
    upper = text.upper()
    return any(keyword in upper for keyword in AWS_KEYWORDS)


def fuzzy(text: str) -> bool:
    """Return whether a keyword occurs anywhere, or replacing one letter by a neighbour on the keyboard makes the text one."""
    upper = text.strip().upper()
    return any(keyword in upper for keyword in BRAZE_KEYWORDS) or any(
        _one_neighbour_apart(upper, keyword) for keyword in BRAZE_KEYWORDS
    )


def phrases(text: str) -> bool:
    """Return whether the text begins with "stop", is another keyword, or contains one of a list of phrases."""
    bare = re.sub(r"[^a-z0-9 ]", "", text.lower().replace("don't", "dont").replace("don’t", "dont"))
    words = " ".join(bare.split())
    return (
        re.match(r"stop\b", words) is not None
        or words in {"unsubscribe", "cancel", "end", "quit"}
        or words.endswith("remove me")
        or re.search(r"\btake me off th\w+ list", words) is not None
        or any(phrase in words for phrase in _PHRASES)
    )


_ALTERNATIVES = "|".join(re.escape(keyword) for keyword in sorted(ALL_KEYWORDS, key=len, reverse=True))
_FIRST = re.compile(rf"\s*(?:{_ALTERNATIVES})\b", re.IGNORECASE)
_ANYWHERE = re.compile(rf"\b(?:{_ALTERNATIVES})\b", re.IGNORECASE)
_PHRASES = (
    "remove my name", "lose my number", "dont contact me", "delete my number", "i opt out", "stop2quit", "stopall",
)  # fmt: skip
_KEYBOARD = ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")


def _one_neighbour_apart(text: str, keyword: str) -> bool:
    differing = [pair for pair in zip(text, keyword, strict=False) if pair[0] != pair[1]]
    if len(text) != len(keyword) or len(differing) != 1:
        return False
    return any(pair in row or pair[::-1] in row for row in _KEYBOARD for pair in ["".join(differing[0])])


PEERS = (
    Peer(
        "trimmed exact match",
        "Twilio: only single-word messages count, STOP PLEASE does not (SMS STOP filtering)",
        exact,
    ),
    Peer("first word", "AWS: a message that begins with a keyword (sms-voice userguide, keywords)", first_word),
    Peer(
        "contains a keyword", "no vendor; the usual repair of the substring rule, with word boundaries", contains_word
    ),
    Peer(
        "substring",
        "aws-samples/communication-developer-services-reference-architectures, Self-managed_Opt_Outs.yaml",
        substring,
    ),
    Peer("substring or adjacent key", "Braze, Fuzzy opt-out: criteria for an inbound response", fuzzy),
    Peer("list of phrases", "ProgressiveCoders/Spoke#2184: the automatic opt-out list in use", phrases),
)
