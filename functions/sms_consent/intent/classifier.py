"""Classification of messages: whole-message keywords first, then the lower tiers of evidence.

``RuleSet`` classifies one text by the rules and a deployment's keywords. ``Classifier`` adds the deployment's replies and RCS
postbacks, as the functions and the command use them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING

from sms_consent.domain.reply import RecentReply, digest_of
from sms_consent.intent.keywords import DeploymentKeywords, Ignored, Keyword, keywords
from sms_consent.intent.normalisation import MOST_WORDS, Folded, fold, fold_keyword, looks_like
from sms_consent.intent.result import NOTHING, RULES_VERSION, Classification, Explanation, Intent, Spans, Tier

if TYPE_CHECKING:  # a text that is a keyword needs none of them
    from sms_consent.intent.lower_tiers import LowerTiers
    from sms_consent.intent.non_authored_text import OwnReplies
    from sms_consent.intent.rcs_content import RcsContent
    from sms_consent.replies import Replies

__all__ = ["ECHO_WITHIN", "Classifier", "RuleSet"]

ECHO_WITHIN = timedelta(days=7)
"""How long after a reply a text that copies it counts as an echo."""

_MOST_SENDERS = 100
"""Senders whose replies are cached."""

_MOST_LETTERS = 4_000
"""A message in a script without spaces may be one long word. Rich messages have at most 3,072 characters."""


class RuleSet:
    """The built-in rules and a deployment's keywords, which never weaken a built-in opt-out.

    Args:
        opt_out: Further opt-out keywords.
        opt_in: Further opt-in keywords.
        help: Further help keywords.
        ordinary: Words that ask for nothing in this deployment, such as YES where texts ask yes-or-no questions.
        linear_model: Whether the linear model may find a request or overrule a pattern. Off while its weights are fitted.

    Words that collide with the built-in rules are in ``ignored``.
    """

    def __init__(
        self,
        *,
        opt_out: Iterable[str] = (),
        opt_in: Iterable[str] = (),
        help: Iterable[str] = (),  # noqa: A002 - the field's own word for this keyword
        ordinary: Iterable[str] = (),
        linear_model: bool = True,
    ) -> None:
        words = DeploymentKeywords.beside(keywords(), opt_out=opt_out, opt_in=opt_in, help=help, ordinary=ordinary)
        self._words = words
        # Lower tiers use keywords too, so an added or removed one could hide another opt-out: these rules find it anyway.
        self._built_in = RuleSet(linear_model=linear_model) if words.changes_opt_outs else None
        self._keywords = words.keywords
        self._linear_model = linear_model

    @cached_property
    def _lower_tiers(self) -> LowerTiers:
        from sms_consent.intent.lower_tiers import LowerTiers

        return LowerTiers(self._keywords, linear_model=self._linear_model)

    @cached_property
    def ignored(self) -> tuple[Ignored, ...]:
        """The deployment's keywords that have no effect, with reasons. Slow at the first call, which loads all rules."""
        found = list(self._words.ignored)
        for keyword in self._words.weaker.values():
            word = keyword.rule.partition("/")[2]
            if self.classify(word).intent is not keyword.intent:
                found.append(
                    Ignored(keyword.intent, word, "is an opt-out by the built-in rules and keeps this meaning")
                )
        unremoved = (word for word in self._words.unknown if self.classify(word).intent is not Intent.NONE)
        reason = "is no built-in keyword and is read by other rules"
        return (*found, *(Ignored(Intent.NONE, word, reason) for word in unremoved))

    def classify(
        self, text: str, *, ours: Callable[[], OwnReplies] | None = None, sent: Callable[[str], bool] | None = None
    ) -> Classification:
        """Return the intent of a text. Raises only what ``ours`` or ``sent`` raise.

        Args:
            text: The text as it was sent.
            ours: Returns the replies of the number that was texted; by default, the shipped replies. Called only for a
                text that may be a copy of a reply or a part of one.
            sent: Returns whether a reply was recently sent to this person; by default, none was. Called only with
                replies that the text copies, and only if the text would otherwise have an intent.
        """
        return self._classify(fold(text), ours or _shipped, sent)[0]

    def explain(
        self, text: str, *, ours: Callable[[], OwnReplies] | None = None, sent: Callable[[str], bool] | None = None
    ) -> Explanation:
        """Classify like ``classify``, and also return the normalised text and the positions of the deciding words."""
        folded = fold(text)
        classification, spans = self._classify(folded, ours or _shipped, sent)
        return Explanation(classification, folded.original, folded.key, spans, _in_key(folded, spans))

    def features(self, text: str, language: str) -> list[list[str]]:
        """Return the names of the linear model's features in each clause of a text, for fitting its weights."""
        return self._lower_tiers.features(fold(text), language)

    def _classify(
        self, folded: Folded, ours: Callable[[], OwnReplies], sent: Callable[[str], bool] | None
    ) -> tuple[Classification, Spans]:
        result = self._without_weaker_keywords(folded, ours, sent)
        if self._words.weaker and result[0].intent not in (Intent.OPT_OUT, Intent.UNCLEAR):
            key = folded.key
            weaker = self._words.weaker.get(key) or self._words.weaker.get(looks_like(key))
            if weaker:
                return _by_keyword(weaker, folded)
        return result

    def _without_weaker_keywords(
        self, folded: Folded, ours: Callable[[], OwnReplies], sent: Callable[[str], bool] | None
    ) -> tuple[Classification, Spans]:
        """Classify without the deployment's opt-in and help keywords. An opt-out by the built-in rules alone takes precedence."""
        result = self._by_keywords_and_tiers(folded, ours, sent)
        if self._built_in is None or result[0].intent is Intent.OPT_OUT:
            return result
        built_in = self._built_in._by_keywords_and_tiers(folded, ours, sent)
        if built_in[0].intent is not Intent.OPT_OUT:
            return result
        if fold_keyword(built_in[0].rule.partition("/")[2]) not in self._words.removed:
            return built_in
        return result if result[0].intent is Intent.UNCLEAR else (NOTHING, ())

    def _by_keywords_and_tiers(
        self, folded: Folded, ours: Callable[[], OwnReplies], sent: Callable[[str], bool] | None
    ) -> tuple[Classification, Spans]:
        key = folded.key
        keyword = self._keywords.get(key) or self._keywords.get(looks_like(key))
        if keyword:
            return _by_keyword(keyword, folded)
        if not key or len(key) > _MOST_LETTERS or len(folded.words) > MOST_WORDS:
            return NOTHING, ()
        tiers = self._lower_tiers
        found = tiers.classify(folded, ours, None)
        if sent is None or found[0].intent is Intent.NONE or tiers.begins_with_opt_out(folded):
            return found
        echo = next((reply for reply in ours().copied(folded) if sent(reply)), None)
        return found if echo is None else tiers.classify(folded, ours, echo)


@cache
def _shipped() -> OwnReplies:
    """Return the replies as shipped, without a brand."""
    from sms_consent.intent.non_authored_text import OwnReplies
    from sms_consent.replies.composer import shipped

    return OwnReplies(template.filled("", "") for template in shipped().values())


def _in_key(folded: Folded, spans: Spans) -> Spans:
    """Convert spans of the original text to spans of the normalised text. Adjacent words make one span."""
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
    matched, span = folded.quoted(folded.words[0].start, folded.words[-1].end)
    result = Classification(
        keyword.intent, tier, keyword.rule, matched, keyword.language, RULES_VERSION, keyword.everyday
    )
    return result, (span,)


class Classifier:
    """Classifies texts with a deployment's keywords and replies."""

    def __init__(
        self,
        rules: RuleSet,
        replies: Replies | None = None,
        replies_of: Callable[[str], Replies] | None = None,
        postbacks: Mapping[str, Intent] | None = None,
    ) -> None:
        """Create a classifier.

        Args:
            rules: The rules, with the deployment's own keywords.
            replies: The deployment's replies, to recognise copies of them; by default, the shipped ones without a brand.
            replies_of: Returns the replies of one number, pool or agent, which may have its own brand. May make AWS
                calls, and raise TryAgain or Rejected.
            postbacks: The intents of suggestions' postback data (``SuggestionPostbacks``).
        """
        self.rules = rules
        self._postbacks = postbacks or {}
        self._replies = replies
        self._replies_of = replies_of
        self._known: dict[Replies, OwnReplies] = {}

    def classify(self, body: str, content: RcsContent | None = None) -> Classification:
        """Return the intent of a text or of RCS content, regardless of its sender. Makes no AWS call."""
        return self._classify(body, content, self._classify_typed)

    def explain(self, body: str, content: RcsContent | None = None) -> Explanation:
        """Classify like ``classify``, and also return the normalised text and the positions of the deciding words."""
        if content is None:
            return self.rules.explain(body, ours=self._deployed)
        from sms_consent.intent.rcs_content import deciding_text

        classification = self.classify(body, content)
        text = deciding_text(content, self._classify_typed)
        explained = self.rules.explain(text or "", ours=self._deployed)
        if text is None:
            explained = replace(explained, text=body)
        if classification.rule.endswith(explained.classification.rule):
            return replace(explained, classification=classification)
        return replace(explained, classification=classification, spans=(), normalised_spans=())

    def classify_for(
        self,
        body: str,
        content: RcsContent | None,
        sender: str,
        recent: Callable[[], Iterable[RecentReply]],
        now: datetime,
    ) -> Classification:
        """Return the intent of a text, given the replies that were sent to its author.

        Args:
            body: The text.
            content: The RCS content of the body, None for plain text.
            sender: The number, pool or agent that received the text.
            recent: Looks up the replies that were sent to the person. Called only if the text copies a reply.
            now: The current time.
        """

        def sent(reply: str) -> bool:
            digest = digest_of(reply)
            return any(each.digest == digest and now - each.at < ECHO_WITHIN for each in recent())

        replies_of = self._replies_of
        ours = self._deployed if replies_of is None else lambda: self._own(replies_of(sender))
        return self._classify(body, content, lambda text: self.rules.classify(text, ours=ours, sent=sent))

    def _classify(
        self, body: str, content: RcsContent | None, classify: Callable[[str], Classification]
    ) -> Classification:
        if content is None:
            return classify(body)
        from sms_consent.intent.rcs_content import classification_of

        return classification_of(content, classify, self._postbacks)

    def _classify_typed(self, text: str) -> Classification:
        return self.rules.classify(text, ours=self._deployed)

    @property
    def _deployed(self) -> Callable[[], OwnReplies] | None:
        replies = self._replies
        return None if replies is None else lambda: self._own(replies)

    def _own(self, replies: Replies) -> OwnReplies:
        known = self._known.get(replies)
        if known is None:
            from sms_consent.intent.non_authored_text import OwnReplies

            if len(self._known) >= _MOST_SENDERS:
                self._known.clear()
            known = self._known[replies] = OwnReplies(replies.bodies())
        return known
