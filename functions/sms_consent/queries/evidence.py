"""Everything that the ledger holds about one person, as evidence: decisions with the facts after them, and their chain.

    person = evidence.person("+14255550182")
    for each in person.decisions:                      # oldest first, with those that are still in an outbox
        each.decision, each.outcome, each.recorded_at  # what was asked for, its effect, and when it was recorded
        for fact in each.facts:                        # in the order in which they were recorded
            fact.kind, fact.at, fact.delay, fact.listing, fact.text, fact.message_id, fact.reason
    person.facts                                       # all facts in order, also those of no decision, such as ERASED
    person.chain.is_intact, person.chain.findings      # whether an entry was changed, removed or inserted by hand

Decisions and facts from before the evidence chain have no facts; ``person.chain.begun_at`` is its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sms_consent.domain.chain_verification import ChainReport, Entry
from sms_consent.domain.consent import Consent, Drift
from sms_consent.domain.decision import Decision, Outcome
from sms_consent.domain.evidence import Fact
from sms_consent.domain.reply import ReplyThread

__all__ = ["DecisionEvidence", "EvidenceQueries", "PersonEvidence", "facts_by_decision", "person_evidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionEvidence:
    """One decision and the facts that result from it, in the order in which they were recorded.

    Without an outcome it is in a consent's outbox, not yet in the history. Without a sequence number it is not part of the
    chain.
    """

    decision: Decision
    outcome: Outcome | None = None
    recorded_at: datetime | None = None
    sequence: int | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEvidence:
    """What the ledger holds about one number."""

    number: str
    decisions: tuple[DecisionEvidence, ...]
    facts: tuple[Fact, ...]
    chain: ChainReport
    consents: tuple[Consent, ...]
    threads: tuple[ReplyThread, ...]
    drifts: tuple[Drift, ...]


class EvidenceQueries(Protocol):
    """Reads of evidence. Every method raises TryAgain or Rejected."""

    def person(self, number: str) -> PersonEvidence:
        """Return everything about a number, read consistently, with its chain verified."""

    def reports(self) -> Iterator[tuple[str, ChainReport]]:
        """Verify every number's chain: yield each number that has entries, a head or a consent, with its report."""


def person_evidence(
    number: str,
    entries: Iterable[Entry],
    chain: ChainReport,
    consents: Iterable[Consent],
    threads: Iterable[ReplyThread],
    drifts: Iterable[Drift],
) -> PersonEvidence:
    """Return the evidence of a number: its entries with their facts grouped by decision."""
    everything, consents = list(entries), tuple(consents)
    in_order = sorted((each for each in everything if each.fact is not None), key=lambda each: each.sequence or 0)
    facts = tuple(each.fact for each in in_order if each.fact is not None)
    by_decision = facts_by_decision(facts)
    recorded = {each.decision.id for each in everything if each.decision is not None}
    decisions = [
        DecisionEvidence(
            decision=each.decision, outcome=each.outcome, recorded_at=each.recorded_at, sequence=each.sequence,
            facts=by_decision.get(each.decision.id, ()),
        )
        for each in everything if each.decision is not None
    ]  # fmt: skip
    for consent in consents:
        if consent.outbox is not None and consent.outbox.id not in recorded:
            recorded.add(consent.outbox.id)
            decisions.append(DecisionEvidence(decision=consent.outbox, facts=by_decision.get(consent.outbox.id, ())))
    return PersonEvidence(
        number=number, decisions=tuple(sorted(decisions, key=lambda each: (each.decision.at, each.sequence or 0))), facts=facts,
        chain=chain, consents=consents, threads=tuple(threads), drifts=tuple(drifts),
    )  # fmt: skip


def facts_by_decision(facts: Iterable[Fact]) -> dict[str, tuple[Fact, ...]]:
    """Return the facts by the decision that they result from."""
    found: dict[str, tuple[Fact, ...]] = {}
    for fact in facts:
        if fact.decision_id is not None:
            found[fact.decision_id] = (*found.get(fact.decision_id, ()), fact)
    return found
