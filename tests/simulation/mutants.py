"""Mutations that the simulation must notice, each a change that a person could make by mistake."""

from __future__ import annotations

from simulation.mutation import (
    Edit,
    Mutant,
    argument,
    drop,
    insert,
    move,
    never,
    replace,
    returns,
    swap,
    value,
    without,
)

__all__ = ["MUTANTS"]

MEMORY, DYNAMODB, BURST, WIDE = "memory", "dynamodb", "burst", "wide"


def _mutant(name: str, *edits: Edit, on: str = MEMORY, tests: tuple[str, ...] = ()) -> Mutant:
    return Mutant(name, edits, on, tests)


UNTRACED = """
if self.outcome is Outcome.STALE:
    self._ledger.save(changed, replacing=stored)
else:
    self._ledger.save_and_append(changed, stored, self.decision, self.outcome, self._now)
"""
OPT_INS_FIRST = """
progressed = self._opt(Due.OPT_IN, self._ledger.due_consents(Due.OPT_IN, self._clock.now()), SLICE)
progressed |= self._opt(Due.OPT_OUT, self._opt_outs(), FIRST_SLICE)
"""

MUTANTS = (
    _mutant(
        "`>=` for `>`: a decision of the same time replaces",
        returns("_supersedes", "True", "decision.asked"),
    ),
    _mutant(
        "at equal times the opt-in wins",
        returns(
            "_supersedes", "decision.asked is Asked.OPT_IN and stored.status is Status.OPTED_OUT", "decision.asked"
        ),
    ),
    _mutant(
        "the last to arrive wins",
        returns("_supersedes", "True", "decision.at"),
    ),
    _mutant(
        "an ordinary answer opts in anybody",
        never("transitions:decide", "decision.only_if_opted_out"),
    ),
    _mutant(
        "an ordinary answer is recorded after a newer opt-out",
        without("_reverses_opt_out", "stored.decided_at"),
    ),
    _mutant(
        "no version guard: a put marks whatever version stands",
        never("transitions:listed", "consent.version", "version"),
    ),
    _mutant(
        "no revision guard: writes are unconditional",
        swap("guard", "'revision = :revision'", "'revision > :revision OR revision <= :revision'"),
        on=DYNAMODB,
    ),
    _mutant(
        "no guard on the first write",
        swap("ABSENT", "'attribute_not_exists(pk)'", "'attribute_not_exists(nothing)'"),
        on=DYNAMODB,
    ),
    _mutant(
        "a put goes on although another decision came while it replied",
        never("_Attempt._put", "self._consent.version", "version"),
        argument("_Attempt._put", "partial", "version", "self._consent.version"),
    ),
    _mutant(
        "a deletion is not announced when a newer decision asks for it",
        returns("next_step", "work", "Work.LOG_INTENT"),
    ),
    _mutant(
        "mark before put",
        move("_Attempt._put", "_Stopped", after="transitions.listed"),
        argument("_Attempt._put", "partial", "listing", "None"),
    ),
    _mutant(
        "reply after put",
        move("_Attempt._put", "self._reply", after="_Stopped"),
    ),
    _mutant(
        "reply sent before it is claimed",
        drop("_Attempt._reply", "transitions.reply_claimed"),
        swap("_Attempt._reply", "self._consent.answer", "answer.claimed(self._worker)", under="ReplyState.DUE"),
    ),
    _mutant(
        "what a lost worker had claimed is sent again",
        returns("Reply.taken_over", "self.claimed(worker)", "ReplyState.UNKNOWN"),
    ),
    _mutant(
        "a text of unknown fate is sent again",
        insert("ReplySender.deliver", "raise Untouched('again')", "answer.unknown"),
    ),
    _mutant(
        "a throttled reply is given up",
        drop("transitions:postponed", "answer.released"),
    ),
    _mutant(
        "the grace never ends: the put waits for its confirmation",
        replace("transitions:postponed", "answer = replace(answer, until=now + timedelta(days=1))", "answer.until"),
    ),
    _mutant(
        "no lease: two workers at one number",
        returns("Consent.leased_at", "False"),
    ),
    _mutant(
        "deletes again without looking after a doubtful deletion",
        never("_Attempt._delete", "doubt"),
    ),
    _mutant(
        "a doubtful deletion is forgotten by the next put",
        argument("_with_intent", "replace", "deleted_at"),
    ),
    _mutant(
        "the 30 days are forgotten",
        never("transitions:decide", "release"),
    ),
    _mutant(
        "the 30 days start when the work did, not when the deletion was done at the latest",
        without("Consent.latest_uncertain_delete", "self.lease_until"),
        on="tests",
        tests=("tests/unit/domain/test_time_of_a_deletion.py",),
    ),
    _mutant(
        "a pending opt-in is not due",
        argument("transitions:decide", "replace", "due", None, "applied_version"),
        argument("transitions:decide", "replace", "due_at", None, "applied_version"),
    ),
    _mutant(
        "a refused opt-in is taken for done",
        argument("transitions:refused", "replace", "status"),
    ),
    _mutant(
        "an opt-in does not wait for a put that may still land",
        returns("Consent.has_call_in_flight", "False"),
    ),
    _mutant(
        "a put is not repeated after a deletion that may still land",
        replace("transitions:listed", "may_be_undone = False", "consent.uncertain_delete_at"),
    ),
    _mutant(
        "due is cleared when throttled",
        argument("transitions:postponed", "replace", "due", "None"),
        argument("transitions:postponed", "replace", "due_at", "None"),
    ),
    _mutant(
        "no back-off",
        replace("transitions:postponed", "due_at = now", "_back_off"),
    ),
    _mutant(
        "back-off that does not grow",
        returns("Backoff.after", "self.first"),
    ),
    _mutant(
        "the outbox is not flushed by the next decision",
        returns("dropped_from_outbox", "None", "outbox"),
    ),
    _mutant(
        "a stale decision leaves no trace",
        replace("_ConsentChange._save", UNTRACED, "save_and_append"),
    ),
    _mutant(
        "a decision delivered again counts as stale, though it changed the consent",
        never("transitions:decide", "stored.outbox.id"),
    ),
    _mutant(
        "EndUserOptedOut is whoever decided last",
        swap("_noted", "stands", "by_end_user(decision)", "end_user_opted_out"),
    ),
    _mutant(
        "questions delivered again are answered again",
        replace("HelpAndClarification._open", "is_new = True", "has_seen"),
    ),
    _mutant(
        "replies to HELP are not limited",
        never("HelpAndClarification._thread", "QUESTION_LIMITS"),
    ),
    _mutant(
        "a record that failed is reported as done",
        insert("inbound.batch:Batch._apply", "done.add(record)", "self._failed"),
    ),
    _mutant(
        "the number is logged whole",
        argument("inbound.batch:Batch._report", "info", "sender", "text.sender"),
    ),
    _mutant(
        "sweep ignores the API's rate",
        never("QuotaRateLimiter.take", "wait"),
        on=BURST,
    ),
    _mutant(
        "two sweeps at once",
        never("Sweep.run", "take_turn"),
    ),
    _mutant(
        "sweep does opt-ins first",
        replace("_Run.work", OPT_INS_FIRST, "_opt_outs"),
        on=BURST,
    ),
    # --- outside the narrow model
    _mutant(
        "a decision from the future counts in the future",
        drop("_ConsentChange.apply", "limit", "self.decision"),
        on=WIDE,
    ),
    _mutant(
        "an earlier copy of the newest request is ignored",
        returns("_time_matters", "False", "stored.decided_at"),
        on=WIDE,
    ),
    _mutant(
        "the outbox keeps the later copy's time",
        never("moved_back", "earlier.id"),
        on=WIDE,
    ),
    _mutant(
        "a copy is not looked for where a request would change the consent",
        returns("_time_matters", "False", "outbox.id"),
        on=WIDE,
    ),
    _mutant(
        "texts are given up after five minutes",
        value("GIVE_UP_AFTER", "timedelta(minutes=5)"),
        on=WIDE,
    ),
    _mutant(
        "workers do not heed a refusal",
        returns("QuotaRateLimiter.resting", "False"),
        on=BURST,
    ),
)
