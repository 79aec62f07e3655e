"""What a text asks for, by a deployment's keywords and replies: the one path of the functions and the command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sms_consent.answer import RecentReply, digest_of
from sms_consent.intent import Explanation, Intent, OwnReplies, Reader, Reading, Tier
from sms_consent.replies import Replies, ReplyKind

__all__ = ["ECHO_WITHIN", "Classifier"]

ECHO_WITHIN = timedelta(days=7)
"""How long after a reply a text that copies it counts as an echo."""

_MOST = 100
"""Senders whose replies are kept ready."""


class Classifier:
    """Classifies texts with a deployment's own words and replies."""

    def __init__(
        self, reader: Reader, replies: Replies | None = None, replies_of: Callable[[str], Replies] | None = None
    ) -> None:
        """Make a classifier.

        Args:
            reader: The rules, with the deployment's own keywords.
            replies: The deployment's replies; without them, the shipped ones are known, but not their brand.
            replies_of: Finds the replies of one number, pool or agent of ours, which may have a separate brand. May make
                calls, and raise TryAgain or Rejected.
        """
        self.reader = reader
        self._replies = replies
        self._replies_of = replies_of
        self._known: dict[Replies, OwnReplies] = {}

    def read(self, body: str) -> Reading:
        """Return what a text asks for, regardless of its sender. Makes no call."""
        return self.reader.read(body, ours=self._deployed)

    def explain(self, body: str) -> Explanation:
        """Classify a text as ``read`` does, and show what decided."""
        return self.reader.explain(body, ours=self._deployed)

    def read_for(
        self, body: str, reading: Reading, sender: str, recent: Callable[[], Iterable[RecentReply]], now: datetime
    ) -> Reading:
        """Return what a text asks for, given which replies its sender was sent.

        Args:
            body: The text.
            reading: What ``read`` returned for it.
            sender: The number, pool or agent of ours to which it was sent.
            recent: Looks up the replies that the person was sent. Called only if the text is a copy of one of our replies.
            now: The time.
        """
        if reading.intent is Intent.NONE or reading.tier is Tier.KEYWORD:
            return reading

        def sent(reply: str) -> bool:
            digest = digest_of(reply)
            return any(each.digest == digest and now - each.at < ECHO_WITHIN for each in recent())

        replies_of = self._replies_of
        ours = self._deployed if replies_of is None else lambda: self._own(replies_of(sender))
        return self.reader.read(body, ours=ours, sent=sent)

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
