"""What must hold once the faults are over and the work is done; the expected end is computed without the code under test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulation import history as h
from simulation.broken import Broken, Property
from support.workers import LEASE

from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked, Decision, Outcome
from sms_consent.domain.evidence import FactKind
from sms_consent.domain.ports import Call
from sms_consent.domain.transitions import by_end_user

if TYPE_CHECKING:
    from simulation.witness import Key
    from simulation.world import World

__all__ = ["evidence", "expected", "judge"]

LONGEST_WAIT = timedelta(minutes=5)
TWO_SWEEPS = timedelta(minutes=2)
A_DAY = timedelta(days=1)
ON_LIST = {FactKind.LISTED, FactKind.FOUND_LISTED, FactKind.REFUSED}
OFF_LIST = {FactKind.REMOVED, FactKind.RELEASED}


def judge(world: World) -> None:
    """All eight."""
    agreement(world)
    exposure(world)
    record(world)
    answers(world)
    thirty_days(world)
    duty(world)
    discretion(world)
    evidence(world.ledger, world.witness.standing)


def expected(world: World) -> dict[Key, tuple[bool, bool]]:
    """For each number and list with a decision: opted out, and by the person's own request.

    The newest decision counts; at equal times opting out wins. The person asked if any opt-out of theirs is newer than
    the newest opt-in, or as new.

    The order of arrival changes nothing of that, with one exception, which goes towards opted out only: YES counts where it
    was processed after an older opt-out and before a newer decision, and otherwise not at all.
    """
    out: dict[Key, datetime] = {}
    own: dict[Key, datetime] = {}
    back: dict[Key, datetime] = {}
    for decision, keys in world.decisions.values():
        times = out if decision.asked is Asked.OPT_OUT else back
        for key in keys:
            if decision.only_if_opted_out and (decision.id, key) not in world.witness.changed_by:
                continue
            times[key] = max(times.get(key, decision.at), decision.at)
            if decision.asked is Asked.OPT_OUT and by_end_user(decision):
                own[key] = max(own.get(key, decision.at), decision.at)
    ended = {}
    for key in out.keys() | back.keys():
        opted_out = key in out and (key not in back or out[key] >= back[key])
        asked_out = opted_out and key in own and (key not in back or own[key] >= back[key])
        ended[key] = opted_out, asked_out
    return ended


def agreement(world: World) -> None:
    """1: for each number and list, ledger and list agree, and both are what the newest decision says."""
    for key, (opted_out, asked_out) in expected(world).items():
        consent = world.ledger.consent(*key)
        if consent is None:
            raise Broken(Property.AGREEMENT, "a decision was made, and the ledger knows no consent")
        wanted = Status.OPTED_OUT if opted_out else Status.OPTED_IN
        if consent.status is not wanted:
            raise Broken(Property.AGREEMENT, f"the ledger says {consent.status}, the newest decision {wanted}")
        if world.service.is_listed(*key) is not opted_out:
            raise Broken(Property.AGREEMENT, f"the list does not match {wanted}")
        if consent.end_user_opted_out is not asked_out:
            raise Broken(Property.AGREEMENT, f"EndUserOptedOut should be {asked_out}")


def exposure(world: World) -> None:
    """2: no number that is opted out was off the list for longer than the faults lasted."""
    assert world.calm_since is not None
    grace = timedelta(seconds=world.history.terms.grace)
    allowed = LONGEST_WAIT + LEASE + grace + TWO_SWEEPS
    for each in world.witness.exposures:
        if each.until - max(each.since, world.calm_since) > allowed:
            raise Broken(Property.EXPOSURE, f"off the list for {each.until - each.since} after the faults were over")


def record(world: World) -> None:
    """3: each decision is recorded exactly once, whatever was delivered how often; and the history tells what it did."""
    history = world.ledger.decisions()
    found = Counter(each.decision.id for each in history)
    changing = {name for name, _ in world.witness.changed_by}
    wanted = {name for name, (each, _) in world.decisions.items() if not each.only_if_opted_out or name in changing}
    wanted |= {name for name, ask in world.asked.items() if ask in (h.Ask.HELP, h.Ask.UNCLEAR)}
    if missing := wanted - found.keys():
        raise Broken(Property.RECORD, f"{len(missing)} decisions are not in the history: {sorted(missing)}")
    if found.keys() - wanted or any(times != 1 for times in found.values()):
        raise Broken(Property.RECORD, "a decision stands in the history twice, or one that nobody made")
    for each in history:
        name = each.decision.id
        if name not in world.decisions:
            continue
        truth = {Outcome.STALE}
        if any(name == changing for changing, _ in world.witness.changed_by):
            truth = {Outcome.CHANGED}
        elif any(name == confirming for confirming, _ in world.witness.confirmed_by):
            # Delivered again after a newer one, before its first recording was complete, it is stale too.
            truth = {Outcome.CONFIRMED, Outcome.STALE}
        if each.outcome not in truth:
            raise Broken(Property.RECORD, f"the history says {each.outcome} of {name}, which was {sorted(truth)}")


def answers(world: World) -> None:
    """4: nobody got two confirmations for one decision (judged as they are sent); one whenever sending worked in time."""
    witness = world.witness
    for name, key in witness.changed_by:
        decision, keys = world.decisions[name]
        if not by_end_user(decision) or witness.effective_sends[name] or key != keys[0]:
            continue
        # The reply to an opt-in is useful for a day, that to an opt-out only for the grace.
        too_late = witness.held_up and (decision.asked is Asked.OPT_OUT or not world.swept_daily)
        excused = (
            (name, key) in witness.superseded
            or (name, key) in witness.met_no_chance
            or (name, key) in witness.withheld
            or decision.number in witness.troubled
            or too_late
        )
        if not excused:
            raise Broken(Property.ANSWERS, f"{name} was never confirmed, although nothing stood in the way")
    _confirmations_are_limited(world)
    _replies_are_limited(world)


def _confirmations_are_limited(world: World) -> None:
    """At most three in a day for one person and list; the first of an opt-out is never withheld."""
    sent: dict[Key, list[tuple[datetime, Asked]]] = defaultdict(list)
    for name, (decision, keys) in world.decisions.items():
        if name in witness_sent(world):
            sent[keys[0]].append((witness_sent(world)[name], decision.asked))
    for key, confirmations in sent.items():
        if key[0] in world.witness.troubled:
            continue  # of a call that broke off, and of a lost worker, nobody knows what was sent
        moments = sorted(at for at, _ in confirmations)
        if any(last - first < A_DAY - h.SLOWEST for first, last in zip(moments, moments[3:], strict=False)):
            raise Broken(Property.ANSWERS, "more than three confirmations in a day")
    for (name, key), at in world.witness.withheld.items():
        today = {asked for each, asked in sent[key] if at - A_DAY < each <= at}
        first = world.decisions[name][0].asked is Asked.OPT_OUT and Asked.OPT_OUT not in today
        if first and key[0] not in world.witness.troubled:
            raise Broken(Property.ANSWERS, "the first confirmation of an opt-out in a day was withheld")


def _replies_are_limited(world: World) -> None:
    sent: dict[tuple[str, h.Ask], list[datetime]] = defaultdict(list)
    for name, ask in world.asked.items():
        if ask in (h.Ask.HELP, h.Ask.UNCLEAR) and name in witness_sent(world):
            text = world.history.texts[int(name.removeprefix("text-"))]
            sent[str(text.person), ask].append(witness_sent(world)[name])  # across all of our numbers
    for (_, ask), moments in sent.items():
        moments.sort()
        limits = ((3, timedelta(hours=1)), (6, A_DAY)) if ask is h.Ask.HELP else ((1, A_DAY),)
        for most, within in limits:
            for first, last in zip(moments, moments[most:], strict=False):
                if last - first < within - h.SLOWEST:
                    raise Broken(Property.ANSWERS, f"more than {most} replies to {ask.value} within {within}")


def witness_sent(world: World) -> dict[str, datetime]:
    """When the reply to each decision left."""
    return world.witness.sent_at


def thirty_days(world: World) -> None:
    """5: deletions are judged as they reach the list; here, that every pending opt-in was released."""
    for consent in world.standing():
        if consent.status is Status.OPT_IN_PENDING:
            raise Broken(Property.THIRTY_DAYS, "an opt-in is pending for ever")
    assert world.calm_since is not None
    allowed = LONGEST_WAIT + LEASE + TWO_SWEEPS
    # The service may hold a number for longer than this deployment can know.
    foreseeable = not world.history.before and world.history.terms.hold_counts_per_list
    for each in world.witness.releases:
        foreseen = foreseeable and each.key[0] not in world.witness.troubled  # a deletion in doubt counts as one
        if foreseen and each.at - max(each.possible_at, world.calm_since) > allowed:
            raise Broken(Property.THIRTY_DAYS, f"an opt-in was released {each.at - each.possible_at} after its time")


def duty(world: World) -> None:
    """6: nothing that was due was dropped; nothing is retried faster than its back-off (judged live) or the API's rate."""
    for consent in world.standing():
        if consent.due is not None or consent.applied_version != consent.version or consent.lease is not None:
            raise Broken(Property.DUTY, "the end has come, and something is still due")
    _paced(world)


def _paced(world: World) -> None:
    rates = {Call.PUT: 10, Call.DELETE: 10, Call.FIND: 1, Call.SEND: 1}
    moments: dict[Call, list[datetime]] = defaultdict(list)
    for attempt in world.witness.attempts:
        if attempt.worker.startswith("sweep"):  # of which there is one at a time
            moments[attempt.call].append(attempt.called)
    for call, times in moments.items():
        for first, last in zip(times, times[rates[call] :], strict=False):
            if last - first < timedelta(seconds=0.9):
                raise Broken(Property.DUTY, f"sweep made more than {rates[call]} calls of {call.value} in a second")


def discretion(world: World) -> None:
    """7: what was logged names nobody and quotes nothing."""
    printed = world.printed
    for number in h.PEOPLE:
        if number in printed or number[1:] in printed:
            raise Broken(Property.DISCRETION, "a number stands in a log")
    for words in h.WORDS.values():
        if len(words) > 8 and words in printed:
            raise Broken(Property.DISCRETION, "a text stands in a log")


def evidence(ledger: Any, keys: Iterable[Key], *, complete: bool = True) -> None:
    """8: nothing looks changed, removed or inserted, and the last fact about each list is what its consent says.

    Not ``complete``: a release without the evidence chain wrote a part, without facts.
    """
    for number in sorted({number for number, _ in keys}):
        person = ledger.evidence(number)
        if person.chain.findings or (complete and (person.chain.unchained or person.chain.without_chain)):
            raise Broken(Property.EVIDENCE, f"verification found {person.chain}")
        for consent in person.consents if complete else ():
            about = [fact.kind for fact in person.facts if fact.list_name == consent.list_name]
            last = next((kind for kind in reversed(about) if kind in ON_LIST | OFF_LIST), None)
            if consent.listed is not None and last is not None and (last in ON_LIST) is not consent.listed:
                raise Broken(Property.EVIDENCE, f"the last fact is {last}, the consent says listed={consent.listed}")


def decisions_of(world: World) -> list[Decision]:
    """All that was decided."""
    return [decision for decision, _ in world.decisions.values()]
