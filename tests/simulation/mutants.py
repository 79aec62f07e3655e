"""Mutations that the simulation must notice, each a change that a person could make by mistake."""

from __future__ import annotations

from pathlib import Path

from simulation.mutation import Edit, Mutant, TextEdit

__all__ = ["MUTANTS"]

MEMORY, DYNAMODB, BURST, WIDE = "memory", "dynamodb", "burst", "wide"


def _mutant(name: str, *edits: Edit, on: str = MEMORY, tests: tuple[str, ...] = ()) -> Mutant:
    return Mutant(name, edits, on, tests)


def _text(name: str, path: str, was: str, becomes: str, on: str = MEMORY, tests: tuple[str, ...] = ()) -> Mutant:
    return Mutant(name, (TextEdit(Path("functions") / path, was, becomes),), on, tests)


CONSENT, PROGRESS, SYNC = (
    "sms_consent/domain/consent.py",
    "sms_consent/domain/transitions.py",
    "sms_consent/sync/sync.py",
)
ANSWER, SWEEP = "sms_consent/domain/reply.py", "sms_consent/sync/sweep.py"
LETTERS, POSTMAN, PACING = (
    "sms_consent/sync/help_and_clarification.py",
    "sms_consent/sync/reply_sender.py",
    "sms_consent/domain/rate_limiter.py",
)
LEDGER, BATCH, CHANGE = (
    "sms_consent/adapters/dynamodb/store.py",
    "sms_consent/inbound/batch.py",
    "sms_consent/recording/recorder.py",
)

MUTANTS = (
    _text(
        "`>=` for `>`: a decision of the same time replaces",
        PROGRESS,
        "return decision.at > stored.decided_at\n    return decision.asked is Asked.OPT_OUT and",
        "return decision.at > stored.decided_at\n    return True or",
    ),
    _text(
        "at equal times the opt-in wins",
        PROGRESS,
        "return decision.asked is Asked.OPT_OUT and stored.status is not Status.OPTED_OUT",
        "return decision.asked is Asked.OPT_IN and stored.status is Status.OPTED_OUT",
    ),
    _text(
        "the last to arrive wins",
        PROGRESS,
        "    if decision.at != stored.decided_at:\n        return decision.at > stored.decided_at\n",
        "    if decision.at != stored.decided_at:\n        return True\n",
    ),
    _text(
        "an ordinary answer opts in anybody",
        PROGRESS,
        "    if decision.only_if_opted_out and not _reverses_opt_out(decision, stored):\n",
        "    if False:\n",
    ),
    _text(
        "an ordinary answer is recorded after a newer opt-out",
        PROGRESS,
        "stored.status is Status.OPTED_OUT and stored.decided_at < decision.at\n",
        "stored.status is Status.OPTED_OUT\n",
    ),
    _text(
        "no version guard: a put marks whatever version stands",
        PROGRESS,
        "        consent = replace(consent, uncertain_delete_at=None)\n    if consent.version != version:\n",
        "        consent = replace(consent, uncertain_delete_at=None)\n    if False:\n",
    ),
    _text(
        "no revision guard: writes are unconditional",
        LEDGER,
        '"ConditionExpression": "revision = :revision"',
        '"ConditionExpression": "revision > :revision OR revision <= :revision"',
        DYNAMODB,
    ),
    _text(
        "no guard on the first write",
        LEDGER,
        '"ConditionExpression": "attribute_not_exists(pk)"',
        '"ConditionExpression": "attribute_not_exists(nothing)"',
        DYNAMODB,
    ),
    _text(
        "a put goes on although another decision came while it replied",
        SYNC,
        "        if self._consent.version != version:\n            return  # another",
        "        version = self._consent.version\n        if False:\n            return  # another",
    ),
    _text(
        "a deletion is not announced when a newer decision asks for it",
        PROGRESS,
        "    return work if work is None or work is Work.ANSWER or is_logged else Work.LOG_INTENT\n",
        "    return work\n",
    ),
    _text(
        "mark before put",
        SYNC,
        """        try:
            listing = self._call(Call.PUT, self._sync.opt_out_list.put)
        except _Stopped as stopped:
            found = self._listed_anyway(stopped.failure)
            if found is None:
                raise
            listing = found
        now = self._now()
        self._write(partial(transitions.listed, worker=self._worker, version=version, listing=listing, now=now))
""",
        """        now = self._now()
        self._write(
            lambda consent: transitions.listed(
                consent, self._worker, version, __import__("sms_consent.domain.consent").consent.Listing(at=now, end_user_opted_out=False), now
            )
        )
        self._sync.opt_out_list.put(self._consent.number, self._consent.list_name)
""",
    ),
    _text(
        "reply after put",
        SYNC,
        """        self._reply(now)
        self._record(now)
        if self._consent.version != version:
            return  # another decision was recorded in between: determine the next call again
        try:
""",
        """        self._record(now)
        self._call(Call.PUT, self._sync.opt_out_list.put)
        self._reply(now)
        try:
""",
    ),
    _text(
        "reply sent before it is claimed",
        SYNC,
        """            self._write(partial(transitions.reply_claimed, worker=self._worker, version=version, now=now))
            answer = self._consent.answer
""",
        "            answer = answer.claimed(self._worker)\n",
    ),
    _text(
        "what a lost worker had claimed is sent again",
        ANSWER,
        'return replace(self, state=ReplyState.UNKNOWN, reason="the worker that had claimed it was lost")',
        "return self.claimed(worker)",
    ),
    _text(
        "a text of unknown fate is sent again",
        POSTMAN,
        '            answer = answer.unknown("the service did not say',
        '            raise __import__("sms_consent.domain.errors").errors.Throttled("again")\n'
        '            answer = answer.unknown("the service did not say',
    ),
    _text(
        "a throttled reply is given up",
        PROGRESS,
        "        answer = answer.released()\n",
        "        pass\n",
    ),
    _text(
        "the grace never ends: the put waits for its confirmation",
        PROGRESS,
        "        due_at = min(due_at, max(answer.until, now))\n",
        "        answer = replace(answer, until=now + timedelta(days=1))\n",
    ),
    _text(
        "no lease: two workers at one number",
        CONSENT,
        "        return self.lease is not None and self.lease_until is not None and now < self.lease_until\n",
        "        return False\n",
    ),
    _text(
        "deletes again without looking after a doubtful deletion",
        SYNC,
        "        if doubt is not None and self._call(Call.FIND, self._sync.opt_out_list.find) is None:\n",
        "        if False:\n",
    ),
    _text(
        "a doubtful deletion is forgotten by the next put",
        PROGRESS,
        "    return replace(consent, deleting=None, deleted_at=_latest(consent.deleted_at, consent.uncertain_delete_at))\n",
        "    return replace(consent, deleting=None)\n",
    ),
    _text(
        "the 30 days are forgotten",
        PROGRESS,
        "    if release is not None and now < release:\n",
        "    if False:\n",
    ),
    _text(
        "the 30 days start when the work did, not when the deletion was done at the latest",
        CONSENT,
        "        under_way = self.lease_until or self.deleting if self.deleting is not None else None\n",
        "        under_way = self.deleting\n",
        "tests",  # the simulation met it once in some 20,000 histories, and then not in 30,000
        ("tests/unit/domain/test_time_of_a_deletion.py",),
    ),
    _text(
        "a pending opt-in is not due",
        PROGRESS,
        "                changed, applied_version=changed.version, answer=answer, due=Due.OPT_IN, due_at=release\n",
        "                changed, applied_version=changed.version, answer=answer\n",
    ),
    _text(
        "a refused opt-in is taken for done",
        PROGRESS,
        "        _done(consent), status=Status.OPT_IN_PENDING, held_until=again, attempts=consent.attempts + 1,\n",
        "        _done(consent), held_until=again, attempts=consent.attempts + 1,\n",
    ),
    _text(
        "an opt-in does not wait for a put that may still land",
        CONSENT,
        "        return self.in_flight_until is not None and now < self.in_flight_until\n",
        "        return False\n",
    ),
    _text(
        "a put is not repeated after a deletion that may still land",
        PROGRESS,
        "    may_be_undone = consent.uncertain_delete_at is not None and consent.has_call_in_flight(now)\n",
        "    may_be_undone = False\n",
    ),
    _text(
        "due is cleared when throttled",
        PROGRESS,
        "        due=None if over else _kind(consent),\n        due_at=None if over else due_at,\n",
        "        due=None,\n        due_at=None,\n",
    ),
    _text(
        "no back-off",
        PROGRESS,
        "    due_at = now + _wait(consent, failure) if same else now\n",
        "    due_at = now\n",
    ),
    _text(
        "back-off that does not grow",
        "sms_consent/domain/backoff.py",
        "        return min(self.first * (1 << min(attempts, 20)), self.most)\n",
        "        return self.first\n",
    ),
    _text(
        "the outbox is not flushed by the next decision",
        PROGRESS,
        "        append(outbox, Outcome.CHANGED, now)\n",
        "        pass\n",
    ),
    _text(
        "a stale decision leaves no trace",
        CHANGE,
        "        if stored is not None and self.outcome is not Outcome.CHANGED and self._is_only:\n",
        "        if stored is not None and self.outcome is Outcome.STALE and self._is_only:\n"
        "            self._ledger.save(changed, replacing=stored)\n            self.in_history = True\n"
        "        elif stored is not None and self.outcome is not Outcome.CHANGED and self._is_only:\n",
    ),
    _text(
        "a decision delivered again counts as stale, though it changed the consent",
        PROGRESS,
        "    if stored is not None and stored.outbox is not None and stored.outbox.id == decision.id:\n",
        "    if False:\n",
    ),
    _text(
        "EndUserOptedOut is whoever decided last",
        PROGRESS,
        "        end_user_opted_out=stands and consent.status is Status.OPTED_OUT,\n",
        "        end_user_opted_out=by_end_user(decision) and consent.status is Status.OPTED_OUT,\n",
    ),
    _text(
        "questions delivered again are answered again",
        LETTERS,
        "            is_new = stored is None or not stored.has_seen(decision.id, reply_from, decision.at)\n",
        "            is_new = True\n",
    ),
    _text(
        "replies to HELP are not limited",
        LETTERS,
        "        if any(sum(now - at < limit.within for at in recent) >= limit.most for limit in QUESTION_LIMITS[kind]):\n",
        "        if False:\n",
    ),
    _text(
        "a record that failed is reported as done",
        BATCH,
        "            self._failed(record, error, done)\n        else:\n            done.add(record)\n",
        "            self._failed(record, error, done)\n        done.add(record)\n",
    ),
    _text(
        "the number is logged whole",
        BATCH,
        "            sender=mask(text.sender),\n",
        "            sender=text.sender,\n",
    ),
    _text(
        "sweep ignores the API's rate",
        PACING,
        "        if wait > timedelta():\n            self._clock.sleep(wait.total_seconds())\n",
        "",
        BURST,
    ),
    _text(
        "two sweeps at once",
        SWEEP,
        "        if not self.ledger.take_turn(TURN, worker, self.clock.now(), deadline):\n",
        "        if False:\n",
    ),
    _text(
        "sweep does opt-ins first",
        SWEEP,
        "            progressed = self._opt(Due.OPT_OUT, self._opt_outs(), FIRST_SLICE)\n",
        "            progressed = self._opt(Due.OPT_IN, self._ledger.due_consents(Due.OPT_IN, self._clock.now()), SLICE)\n"
        "            progressed |= self._opt(Due.OPT_OUT, self._opt_outs(), FIRST_SLICE)\n",
        BURST,
    ),
    # --- outside the narrow model
    _text(
        "a decision from the future counts in the future",
        CHANGE,
        "            self.decision = replace(decision, at=min(decision.at, limit))\n",
        "            pass\n",
        WIDE,
    ),
    _text(
        "an earlier copy of the newest request is ignored",
        CHANGE,
        "    if stored.decided_by == decision.id:\n        return decision.at < stored.decided_at\n",
        "    if stored.decided_by == decision.id:\n        return False\n",
        WIDE,
    ),
    _text(
        "the outbox keeps the later copy's time",
        PROGRESS,
        "        outbox = earlier  # the history must have",
        "        pass  # the history must have",
        WIDE,
    ),
    _text(
        "a copy is not looked for where a request would change the consent",
        CHANGE,
        "        return outbox is None or outbox.id != decision.id or decision.at < outbox.at\n",
        "        return False\n",
        WIDE,
    ),
    _text(
        "texts are given up after five minutes",
        BATCH,
        "GIVE_UP_AFTER = timedelta(days=12)",
        "GIVE_UP_AFTER = timedelta(minutes=5)",
        WIDE,
    ),
    _text(
        "workers do not heed a refusal",
        PACING,
        "        return rest_until is not None and self._clock.now() < rest_until\n",
        "        return False\n",
        BURST,
    ),
)
