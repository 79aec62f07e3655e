"""What a text asks for: a keyword that is the whole message decides, else what the tiers below find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING

from sms_consent.intent.deployment_words import Ignored, OwnWords
from sms_consent.intent.echo import OwnReplies
from sms_consent.intent.keywords import Keyword, keywords
from sms_consent.intent.normalisation import MOST_WORDS, Folded, fold, fold_keyword, looks_like
from sms_consent.intent.result import NOTHING, RULES_VERSION, Classification, Explanation, Intent, Spans, Tier

if TYPE_CHECKING:
    from sms_consent.intent.tiers import Tiers

__all__ = ["RULES_VERSION", "Reader"]

_MOST_LETTERS = 4_000
"""In scripts without spaces, a message may be one word; rich messages end at 3,072 characters."""


class Reader:
    """Reads texts by the built-in rules and a deployment's own keywords, which turn no opt-out into anything else.

    ``ordinary`` are words that ask for nothing in this deployment, such as YES where texts ask yes-or-no questions.
    Words that collide with the rules in ``own_words`` are ignored.
    With ``weighed`` off, only frames find requests in sentences, which is how weights are fitted.
    """

    def __init__(
        self,
        *,
        opt_out: Iterable[str] = (),
        opt_in: Iterable[str] = (),
        help: Iterable[str] = (),  # noqa: A002 - the field's own word for this keyword
        ordinary: Iterable[str] = (),
        weighed: bool = True,
    ) -> None:
        words = OwnWords.beside(keywords(), opt_out=opt_out, opt_in=opt_in, help=help, ordinary=ordinary)
        self._words = words
        # Keywords are also read by later rules, so a word more or less could cost another opt-out its meaning: what these
        # rules find is found without it too.
        self._built_in = Reader(weighed=weighed) if words.changes_opt_outs else None
        self._keywords = words.keywords
        self._weighed = weighed

    @cached_property
    def _tiers(self) -> Tiers:
        from sms_consent.intent.tiers import Tiers

        return Tiers(self._keywords, weighed=self._weighed)

    @cached_property
    def ignored(self) -> tuple[Ignored, ...]:
        """The deployment's own words that do not count. Reads each of them as a text, which loads every rule."""
        found = list(self._words.ignored)
        for keyword in self._words.weaker.values():
            word = keyword.rule.partition("/")[2]
            if self.read(word).intent is not keyword.intent:
                found.append(
                    Ignored(keyword.intent, word, "is an opt-out by the built-in rules and keeps this meaning")
                )
        unremoved = (word for word in self._words.unknown if self.read(word).intent is not Intent.NONE)
        reason = "is no built-in keyword and is read by other rules"
        return (*found, *(Ignored(Intent.NONE, word, reason) for word in unremoved))

    def read(
        self, text: str, *, ours: Callable[[], OwnReplies] | None = None, sent: Callable[[str], bool] | None = None
    ) -> Classification:
        """Read one text. Never raises, whatever the text, unless ``ours`` or ``sent`` does.

        Args:
            text: What somebody sent.
            ours: Gives the replies of the sender of ours that was texted; without it, the shipped ones. Called only
                for a text that may be a reply of ours or a piece of one.
            sent: Tells whether this person was sent a reply lately; without it, nobody was. Called only with replies
                that the text is a copy of, and only if the text would otherwise ask for something.
        """
        return self._read(fold(text), ours or _shipped, sent)[0]

    def explain(
        self, text: str, *, ours: Callable[[], OwnReplies] | None = None, sent: Callable[[str], bool] | None = None
    ) -> Explanation:
        """Read one text as ``read`` does, and show what the rules saw and where the deciding words stand."""
        folded = fold(text)
        reading, spans = self._read(folded, ours or _shipped, sent)
        deciding = _in_key(folded, spans)
        return Explanation(reading, folded.original, folded.key, spans, deciding)

    def marks(self, text: str, language: str) -> list[list[str]]:
        """What would be weighed in each clause of a text of this language, for weights to be fitted to."""
        return self._tiers.marks(fold(text), language)

    def _read(
        self, folded: Folded, ours: Callable[[], OwnReplies], sent: Callable[[str], bool] | None
    ) -> tuple[Classification, Spans]:
        reading = self._read_opt_outs_first(folded, ours, sent)
        if self._words.weaker and reading[0].intent not in (Intent.OPT_OUT, Intent.UNCLEAR):
            key = folded.key
            weaker = self._words.weaker.get(key) or self._words.weaker.get(looks_like(key))
            if weaker:
                return _by_keyword(weaker, folded)
        return reading

    def _read_opt_outs_first(
        self, folded: Folded, ours: Callable[[], OwnReplies], sent: Callable[[str], bool] | None
    ) -> tuple[Classification, Spans]:
        reading = self._read_known(folded, ours, sent)
        if self._built_in is None or reading[0].intent is Intent.OPT_OUT:
            return reading
        built_in = self._built_in._read_known(folded, ours, sent)
        if built_in[0].intent is not Intent.OPT_OUT:
            return reading
        if fold_keyword(built_in[0].rule.partition("/")[2]) not in self._words.removed:
            return built_in
        return reading if reading[0].intent is Intent.UNCLEAR else (NOTHING, ())

    def _read_known(
        self, folded: Folded, ours: Callable[[], OwnReplies], sent: Callable[[str], bool] | None
    ) -> tuple[Classification, Spans]:
        key = folded.key
        keyword = self._keywords.get(key) or self._keywords.get(looks_like(key))
        if keyword:
            return _by_keyword(keyword, folded)
        if not key or len(key) > _MOST_LETTERS or len(folded.words) > MOST_WORDS:
            return NOTHING, ()
        found = self._tiers.read(folded, ours, None)
        if sent is None or found[0].intent is Intent.NONE or self._tiers.begins_with_opt_out(folded):
            return found
        echo = next((reply for reply in ours().copied(folded) if sent(reply)), None)
        return found if echo is None else self._tiers.read(folded, ours, echo)


@cache
def _shipped() -> OwnReplies:
    """Return the replies as shipped, without a brand."""
    from sms_consent.replies.templates import shipped

    return OwnReplies(template.filled("", "") for template in shipped().values())


def _in_key(folded: Folded, spans: Spans) -> Spans:
    """Where the words of some spans of the original stand in the key, those next to each other as one."""
    found: list[tuple[int, int]] = []
    place = 0
    for word in folded.words if spans else ():
        first, last = folded.span(word.start, word.end)
        end = place + len(word.text)
        if any(first < stop and start < last for start, stop in spans):
            joins = bool(found) and found[-1][1] == place - 1
            found[-1:] = [(found[-1][0], end)] if joins else [*found[-1:], (place, end)]
        place = end + 1
    return tuple(found)


def _by_keyword(keyword: Keyword, folded: Folded) -> tuple[Classification, Spans]:
    if keyword.intent is Intent.NONE:
        return Classification(Intent.NONE, None, keyword.rule, "", None, RULES_VERSION), ()
    tier = Tier.UNCLEAR if keyword.intent is Intent.UNCLEAR else Tier.KEYWORD
    start, end = folded.words[0].start, folded.words[-1].end
    matched = folded.written(start, end)
    reading = Classification(
        keyword.intent, tier, keyword.rule, matched, keyword.language, RULES_VERSION, keyword.everyday
    )
    return reading, (folded.span(start, end),)
