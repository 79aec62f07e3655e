"""What a text asks for, by a deployment's keywords and replies: the one path of the functions and the command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sms_consent.domain.reply import RecentReply, ReplyKind, digest_of
from sms_consent.intent import Classification, Explanation, Intent, OwnReplies, Reader, Tier
from sms_consent.intent.rcs_content import RcsContent, deciding_text, reading_of
from sms_consent.replies import Replies

__all__ = ["ECHO_WITHIN", "Classifier"]

ECHO_WITHIN = timedelta(days=7)
"""How long after a reply a text that copies it counts as an echo."""

_MOST = 100
"""Senders whose replies are kept ready."""


class Classifier:
    """Classifies texts with a deployment's own words and replies."""

    def __init__(
        self,
        reader: Reader,
        replies: Replies | None = None,
        replies_of: Callable[[str], Replies] | None = None,
        postbacks: Mapping[str, Intent] | None = None,
    ) -> None:
        """Make a classifier.

        Args:
            reader: The rules, with the deployment's own keywords.
            replies: The deployment's replies; without them, the shipped ones are known, but not their brand.
            replies_of: Finds the replies of one number, pool or agent of ours, which may have a separate brand. May make
                calls, and raise TryAgain or Rejected.
            postbacks: The intents of suggestions' postback data (``SuggestionPostbacks``).
        """
        self.reader = reader
        self._postbacks = postbacks or {}
        self._replies = replies
        self._replies_of = replies_of
        self._known: dict[Replies, OwnReplies] = {}

    def read(self, body: str, content: RcsContent | None = None) -> Classification:
        """Return what a text, or RCS content, asks for, regardless of its sender. Makes no call."""
        return self._read(body, content, self._read_typed)

    def explain(self, body: str, content: RcsContent | None = None) -> Explanation:
        """Classify as ``read`` does, and show what decided."""
        if content is None:
            return self.reader.explain(body, ours=self._deployed)
        reading = self.read(body, content)
        text = deciding_text(content, self._read_typed)
        explained = self.reader.explain(text or "", ours=self._deployed)
        if text is None:
            explained = replace(explained, text=body)
        if reading.rule.endswith(explained.reading.rule):
            return replace(explained, reading=reading)
        return replace(explained, reading=reading, spans=(), normalised_spans=())

    def read_for(
        self,
        body: str,
        reading: Classification,
        sender: str,
        recent: Callable[[], Iterable[RecentReply]],
        now: datetime,
        content: RcsContent | None = None,
    ) -> Classification:
        """Return what a text asks for, given which replies its sender was sent.

        Args:
            body: The text.
            reading: What ``read`` returned for it.
            sender: The number, pool or agent of ours to which it was sent.
            recent: Looks up the replies that the person was sent. Called only if the text is a copy of one of our replies.
            now: The time.
            content: The RCS content of the body, None for plain text.
        """
        if reading.intent is Intent.NONE or reading.tier is Tier.KEYWORD:
            return reading

        def sent(reply: str) -> bool:
            digest = digest_of(reply)
            return any(each.digest == digest and now - each.at < ECHO_WITHIN for each in recent())

        replies_of = self._replies_of
        ours = self._deployed if replies_of is None else lambda: self._own(replies_of(sender))
        return self._read(body, content, lambda text: self.reader.read(text, ours=ours, sent=sent))

    def _read(self, body: str, content: RcsContent | None, read: Callable[[str], Classification]) -> Classification:
        return read(body) if content is None else reading_of(content, read, self._postbacks)

    def _read_typed(self, text: str) -> Classification:
        return self.reader.read(text, ours=self._deployed)

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
