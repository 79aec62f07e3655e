"""Classification of messages by a deployment's rules, replies and RCS postbacks, as the functions and the command do it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sms_consent.domain.reply import RecentReply, ReplyKind, digest_of
from sms_consent.intent import Classification, Explanation, Intent, OwnReplies, RuleSet, Tier
from sms_consent.intent.rcs_content import RcsContent, classification_of, deciding_text
from sms_consent.replies import Replies

__all__ = ["ECHO_WITHIN", "Classifier"]

ECHO_WITHIN = timedelta(days=7)
"""How long after a reply a text that copies it counts as an echo."""

_MOST = 100
"""Senders whose replies are cached."""


class Classifier:
    """Classifies texts with a deployment's keywords and replies."""

    def __init__(
        self,
        rules: RuleSet,
        replies: Replies | None = None,
        replies_of: Callable[[str], Replies] | None = None,
        postbacks: Mapping[str, Intent] | None = None,
    ) -> None:
        """Make a classifier.

        Args:
            rules: The rules, with the deployment's own keywords.
            replies: The deployment's replies; without them, the shipped ones are known, but not their brand.
            replies_of: Finds the replies of one number, pool or agent of ours, which may have a separate brand. May make
                calls, and raise TryAgain or Rejected.
            postbacks: The intents of suggestions' postback data (``SuggestionPostbacks``).
        """
        self.rules = rules
        self._postbacks = postbacks or {}
        self._replies = replies
        self._replies_of = replies_of
        self._known: dict[Replies, OwnReplies] = {}

    def classify(self, body: str, content: RcsContent | None = None) -> Classification:
        """Return what a text, or RCS content, asks for, regardless of its sender. Makes no call."""
        return self._classify(body, content, self._classify_typed)

    def explain(self, body: str, content: RcsContent | None = None) -> Explanation:
        """Classify as ``classify`` does, and return the normalised text and the deciding words as well."""
        if content is None:
            return self.rules.explain(body, ours=self._deployed)
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
        classification: Classification,
        sender: str,
        recent: Callable[[], Iterable[RecentReply]],
        now: datetime,
        content: RcsContent | None = None,
    ) -> Classification:
        """Return what a text asks for, given which replies its sender was sent.

        Args:
            body: The text.
            classification: What ``classify`` returned for it.
            sender: The number, pool or agent of ours to which it was sent.
            recent: Looks up the replies that the person was sent. Called only if the text is a copy of one of our replies.
            now: The time.
            content: The RCS content of the body, None for plain text.
        """
        if classification.intent is Intent.NONE or classification.tier is Tier.KEYWORD:
            return classification

        def sent(reply: str) -> bool:
            digest = digest_of(reply)
            return any(each.digest == digest and now - each.at < ECHO_WITHIN for each in recent())

        replies_of = self._replies_of
        ours = self._deployed if replies_of is None else lambda: self._own(replies_of(sender))
        return self._classify(body, content, lambda text: self.rules.classify(text, ours=ours, sent=sent))

    def _classify(
        self, body: str, content: RcsContent | None, classify: Callable[[str], Classification]
    ) -> Classification:
        return classify(body) if content is None else classification_of(content, classify, self._postbacks)

    def _classify_typed(self, text: str) -> Classification:
        return self.rules.classify(text, ours=self._deployed)

    @property
    def _deployed(self) -> Callable[[], OwnReplies] | None:
        replies = self._replies
        return None if replies is None else lambda: self._own(replies)

    def _own(self, replies: Replies) -> OwnReplies:
        known = self._known.get(replies)
        if known is None:
            bodies = (replies.compose(kind, language).body for language in replies.languages for kind in ReplyKind)
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[replies] = OwnReplies(body for body in bodies if body)
        return known
