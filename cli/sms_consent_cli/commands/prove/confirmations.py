"""The reply to each request: whether AWS accepted it, its exact text, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable

from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Author, Outcome
from sms_consent.domain.evidence import Fact
from sms_consent.domain.reply import RecentReply, Reply, ReplyState, ReplyThread, digest_of
from sms_consent.queries.evidence import DecisionEvidence
from sms_consent_cli.commands.prove.dossier import Confirmation
from sms_consent_cli.commands.prove.facts import replies_by_request
from sms_consent_cli.commands.prove.wording import reply_statement

__all__ = ["confirmations_of", "without_reply"]


def confirmations_of(
    consents: Iterable[Consent], threads: Iterable[ReplyThread], facts: Iterable[Fact]
) -> dict[str, Confirmation]:
    """Return the reply to each request, by the request's id: from the facts, and from the newest reply of each kind."""
    found = {}
    for consent in consents:
        if consent.answer is not None:
            found[consent.answer.decision_id] = _of_reply(consent.answer, consent.recent_replies)
    for thread in threads:
        for reply in (*thread.waiting, thread.answer):
            found[reply.decision_id] = _of_reply(reply, thread.recent_replies if reply is thread.answer else ())
    for decision_id, fact in replies_by_request(facts).items():
        if fact.reply is not None and fact.state is not None:
            found[decision_id] = Confirmation(
                state=fact.state.value,
                statement=reply_statement(fact.reply, fact.state, fact.reason),
                accepted_at=fact.at if fact.state is ReplyState.SENT else None,
                message_id=fact.message_id,
                text=fact.text,
                text_digest=digest_of(fact.text) if fact.text is not None else None,
                sender=fact.sender,
                language=fact.language,
                reason=fact.reason,
            )
    return found


def _of_reply(reply: Reply, recent: Iterable[RecentReply]) -> Confirmation:
    """Return what the ledger says about a reply. If it was sent, its text is that of the newest of its kind in ``recent``."""
    same = [each for each in recent if each.kind is reply.kind] if reply.state is ReplyState.SENT else []
    return Confirmation(
        state=reply.state.value,
        statement=reply_statement(reply.kind, reply.state, reply.reason),
        accepted_at=same[-1].at if same else None,
        message_id=reply.message_id,
        text=None,
        text_digest=same[-1].digest if same else None,
        sender=reply.sender,
        language=reply.language,
        reason=reply.reason,
    )


def without_reply(entry: DecisionEvidence) -> Confirmation:
    """Return why a request has no recorded reply."""
    state, statement = _no_confirmation(entry)
    return Confirmation(
        state=state, statement=statement, accepted_at=None, message_id=None, text=None, text_digest=None, sender=None,
        language=None, reason=None,
    )  # fmt: skip


def _no_confirmation(entry: DecisionEvidence) -> tuple[str, str]:
    decision = entry.decision
    if decision.author is not Author.END_USER and decision.end_user is not True:
        return "NONE", "A request that was not made by text gets no confirmation by text."
    if decision.author is not Author.END_USER or decision.import_id is not None:
        return "NONE", "An imported request gets no confirmation by text."
    if entry.outcome is Outcome.STALE:
        return "NONE", "A request without effect gets no confirmation."
    if entry.outcome is Outcome.CONFIRMED:
        return "NONE", "A repeated request gets no further confirmation."
    return "NOT_RECORDED", "No reply to this request is recorded."
