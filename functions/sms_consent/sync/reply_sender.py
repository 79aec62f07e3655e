"""The reply sender: composes a reply, applies the limits, and sends it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sms_consent.domain.errors import RecipientOptedOut, Rejected, TryAgain, Unavailable, Untouched
from sms_consent.domain.ports import Sender, Texting
from sms_consent.domain.rate_limiter import Call, RateLimiter
from sms_consent.domain.reply import Delivery, RecentReply, Reply, digest_of
from sms_consent.intent.rcs_content import is_agent
from sms_consent.replies import ComposedReply, Replies, Unfit
from sms_consent.sync.reply_limits import ReplyLimits

__all__ = ["ReplySender"]

MOST = 100
"""Senders whose composed replies are cached."""


class ReplySender:
    """Sends a reply that its worker has claimed."""

    def __init__(
        self,
        texting: Texting,
        replies: Replies,
        senders: Callable[[str], Sender | None],
        rate_limiter: RateLimiter,
        limits: ReplyLimits,
        warn: Callable[[Unfit], None] | None = None,
    ) -> None:
        """``warn`` is called for each reply that cannot be sent as it is configured."""
        self._texting = texting
        self._replies = replies
        self._senders = senders
        self._rate_limiter = rate_limiter
        self.limits = limits
        self._warn = warn
        self._branded: dict[Sender, Replies] = {}

    def deliver(self, number: str, answer: Reply, recent: Sequence[RecentReply] = ()) -> Delivery:
        """Send a reply once, unless a limit withholds it. Raises only Untouched, after which it can be tried again.

        ``recent`` holds the newest replies for the same consent.
        """
        sender, reply_from = self._settings_of(answer.sender), None
        if sender is not None:
            reply_from = sender.reply_from
        reply = (self._replies if sender is None else self._replies_of(sender)).compose(answer.kind, answer.language)
        if reply.unfit is not None and self._warn is not None:
            self._warn(reply.unfit)
        if not reply.body:
            return Delivery(answer.failed("no wording of this reply fits in a message with the deployment's settings"))
        withheld = self.limits.take(answer.kind, recent)
        if withheld is not None:
            return Delivery(answer.skipped(withheld))
        try:
            with self._rate_limiter.turn(Call.SEND):
                message_id = self._texting.send(
                    to=number,
                    sender=reply_from or answer.sender,
                    body=reply.body,
                    reference=answer.decision_id,
                    as_rcs=reply_from is not None and is_agent(reply_from),
                )
        except Untouched:
            self.limits.give_back()
            raise
        except RecipientOptedOut:
            self.limits.give_back()
            return Delivery(answer.skipped("the service sends nothing to a number on the opt-out list"))
        except Unavailable:
            self._rate_limiter.refused(Call.SEND)
            return self._left(answer.unknown("the service did not say whether it took the text"), reply)
        except Rejected as refusal:
            self.limits.give_back()
            return Delivery(answer.failed(str(refusal)))
        return self._left(answer.sent(message_id), reply)

    def replies_of(self, sender: str) -> Replies:
        """Return the replies of an origination identity. Raises TryAgain or Rejected if its settings cannot be read."""
        settings = self._senders(sender)
        return self._replies if settings is None else self._replies_of(settings)

    def _left(self, answer: Reply, reply: ComposedReply) -> Delivery:
        """Return the delivery of a text that was sent, or may have been."""
        return Delivery(answer, RecentReply(self.limits.clock.now(), digest_of(reply.body), answer.kind))

    def _settings_of(self, sender: str) -> Sender | None:
        try:
            return self._senders(sender)
        except (TryAgain, Rejected):
            return None  # a look-up that fails holds up no confirmation either

    def _replies_of(self, sender: Sender) -> Replies:
        replies = self._branded.get(sender)
        if replies is None:
            replies = self._replies.for_brand(sender.brand, sender.support_contact, sender.language)
            if len(self._branded) >= MOST:
                self._branded.clear()
            self._branded[sender] = replies
        return replies
