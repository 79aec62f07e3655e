"""Ways in which the code is broken on purpose where the simulation does not reach: tests have to notice each of them."""

from __future__ import annotations

from pathlib import Path

from simulation.mutation import (
    Edit,
    Mutant,
    TextEdit,
    compare,
    drop,
    insert,
    never,
    replace,
    returns,
    swap,
    value,
    without,
)

__all__ = ["MUTANTS_FOR_TESTS"]


def _mutant(name: str, *parts: Edit | str) -> Mutant:
    """Return a mutation with its edits, then the tests that must notice it."""
    edits = tuple(part for part in parts if isinstance(part, Edit))
    return Mutant(name, edits, "tests", tuple(f"tests/{part}" for part in parts if isinstance(part, str)))


def _text(name: str, path: str, was: str, becomes: str, *tests: str) -> Mutant:
    edit = TextEdit(Path(path if path.startswith("cli/") else f"functions/{path}"), was, becomes)
    return Mutant(name, (edit,), "tests", tuple(f"tests/{test}" for test in tests))


CONSENT, PROGRESS, SYNC = (
    "sms_consent/domain/consent.py",
    "sms_consent/domain/transitions.py",
    "sms_consent/sync/sync.py",
)
CHANGE, SWEEP, REJECTED = (
    "sms_consent/recording/recorder.py",
    "sms_consent/sync/sweep.py",
    "sms_consent/domain/rejections.py",
)
LEDGER, CODEC, ITEMS = (
    "sms_consent/adapters/dynamodb/store.py",
    "sms_consent/adapters/dynamodb/codec.py",
    "sms_consent/adapters/dynamodb/items.py",
)
TRANSLATION, LIST = "sms_consent/adapters/error_mapping.py", "sms_consent/adapters/sms_voice/opt_out_list.py"
OVERDUE, RECEIPTS = "sms_consent/adapters/dynamodb/due_index.py", "sms_consent/adapters/dynamodb/idempotency_store.py"
BATCH = "sms_consent/inbound/batch.py"
SETTINGS, NAMES, RENAMED = (
    "sms_consent/bootstrap/settings.py",
    "sms_consent/domain/list_names.py",
    "sms_consent/adapters/dynamodb/renamed_lists.py",
)
CARRYING, REPEATS, ERRORS = (
    "sms_consent/recording/list_copy.py",
    "sms_consent/recording/idempotency.py",
    "sms_consent/domain/errors.py",
)
LIMITS, BUDGET, POSTMAN = (
    "sms_consent/sync/reply_sender.py",
    "sms_consent/sync/reply_sender.py",
    "sms_consent/sync/reply_sender.py",
)
LETTERS, ANSWER, TEXT = (
    "sms_consent/sync/help_and_clarification.py",
    "sms_consent/domain/reply.py",
    "sms_consent/inbound/message.py",
)
CLASSIFIER, ECHO, TIERS = (
    "sms_consent/intent/classifier.py",
    "sms_consent/intent/non_authored_text.py",
    "sms_consent/intent/lower_tiers.py",
)
CLOCK, TIMES, STATUS = (
    "cli/sms_consent_cli/shared/aws_clock.py",
    "cli/sms_consent_cli/shared/written_time.py",
    "cli/sms_consent_cli/commands/import_/status_column.py",
)

OUTAGES, RISKY, SLOW = (
    "integration/handlers/inbound/test_outages.py",
    "integration/handlers/inbound/test_risky_records.py",
    "integration/handlers/inbound/test_slow_calls.py",
)
VERSIONS, DECIDED, LATE = (
    "integration/consent/test_versions_share_the_ledger.py", "integration/consent/test_time_of_a_decision.py", "integration/consent/test_late_deletions.py",
)  # fmt: skip
LOST, OPTING_IN, MISSING = (
    "integration/consent/test_lost_answers.py",
    "integration/consent/test_opting_in.py",
    "integration/consent/test_missing_lists.py",
)
NUMBERS, BROKEN, ALARM = (
    "integration/handlers/sweep/test_rejected_numbers.py",
    "integration/handlers/sweep/test_broken_items.py",
    "integration/handlers/sweep/test_overdue_alarm.py",
)
REPLIES, BUDGETS = (
    "integration/handlers/inbound/test_replies_are_limited.py",
    "integration/consent/test_reply_budget.py",
)
IMPORT, IMPORTED, GUESS = (
    "integration/cli/importing/test_import_numbers.py", "integration/cli/importing/test_imported_times.py", "integration/cli/importing/test_imports_do_not_guess.py",
)  # fmt: skip
REPEATED, REPLAYED = "integration/api/test_repeated_requests.py", "integration/api/test_replayed_opt_ins.py"
ONE_NAME, MOVING = (
    "integration/cli/senders/test_one_name_for_a_list.py",
    "integration/cli/senders/test_changing_lists.py",
)
BAD_SETTINGS, ECHOES, EVERYDAY = (
    "integration/handlers/inbound/test_bad_settings.py", "integration/handlers/inbound/test_echoes.py", "integration/handlers/inbound/test_everyday_words.py",
)  # fmt: skip
AWS_CLOCK, OVERRULED = (
    "integration/cli/shared/test_aws_clock.py",
    "integration/handlers/inbound/test_overruled_stops.py",
)

MUTANTS_FOR_TESTS = (
    # --- named in a review
    _text(
        "a read time-out counts as not sent",
        TRANSLATION,
        "    if isinstance(error, HTTPClientError):\n        return Unavailable(",
        "    if isinstance(error, HTTPClientError):\n        return Unreached(",
        LOST,
    ),
    _text(
        "a record that cannot be dead-lettered is dropped",
        BATCH,
        "            self._log_failure(record, error)\n            return\n        done.add(record)\n",
        "            self._log_failure(record, error)\n        done.add(record)\n",
        OUTAGES,
    ),
    _text(
        "a consent written again by the client does not recognise itself",
        LEDGER,
        "        if refused_by is not None and refused_by != _stored(item):\n            raise Moved(items.consent_from(",
        "        if refused_by is not None:\n            raise Moved(items.consent_from(",
        LOST,
    ),
    _text(
        "a letter written again by the client does not recognise itself",
        LEDGER,
        "        if refused_by is not None and refused_by != _stored(item):\n            raise Moved(items.thread_from(",
        "        if refused_by is not None:\n            raise Moved(items.thread_from(",
        LOST,
    ),
    _text(
        "a merge written again by the client does not recognise itself",
        LEDGER,
        "        if refused_by is not None and refused_by != _stored(item):\n            raise Moved(items.consent_from(",
        "        if refused_by is not None:\n            raise Moved(items.consent_from(",
        ONE_NAME,
    ),
    _text(
        "a sweep does not reset its rate limiter",
        SWEEP,
        "        self.sync.rate_limiter.begin()\n",
        "",
        LOST,
    ),
    _text(
        "a deletion in doubt is forgotten when no lease is taken",
        PROGRESS,
        "            uncertain_delete_at=doubt,\n        )\n    if answer",
        "        )\n    if answer",
        LOST,
    ),
    _text(
        "a STOP does not overtake its import",
        PROGRESS,
        "    return Due.OPT_OUT if due is Due.IMPORTED and decision.author is not Author.IMPORT else due\n",
        "    return due\n",
        IMPORT,
    ),
    # --- attributes that another version wrote
    _text(
        "what cannot be read is put back over a newer value",
        CODEC,
        "        if item.get(name) == stand_in:\n",
        "        if True:\n",
        VERSIONS,
    ),
    _text(
        "an unknown status counts as opted in",
        ITEMS,
        '    "status": Status.OPTED_OUT.value,\n    "end_user_opted_out"',
        '    "status": Status.OPTED_IN.value,\n    "end_user_opted_out"',
        VERSIONS,
    ),
    _text(
        "an item whose revision cannot be read is never written",
        LEDGER,
        '    if "revision" in unreadable and unreadable["revision"][1] == revision:\n',
        "    if False:\n",
        VERSIONS, BROKEN,
    ),
    _text(
        "a letter forgets what a newer version added",
        ANSWER,
        "            preserved=former.preserved,\n",
        "",
        VERSIONS,
    ),
    _text(
        "a reply in an unknown state is sent",
        ITEMS,
        '    if answer.preserved is not None and "state" in answer.preserved.unreadable:\n',
        "    if False:\n",
        VERSIONS,
    ),
    _text(
        "the copy of a decision that cannot be read is dropped by the next decision",
        ITEMS,
        '    if preserved is not None and consent.outbox is not None and "outbox" in preserved.unreadable:\n',
        "    if False:\n",
        VERSIONS,
    ),
    # --- when a decision counts
    _text(
        "a text's timestamp in the future is altered",
        CHANGE,
        "        if decision.author is not Author.END_USER:\n            # The",
        "        if True:\n            # The",
        DECIDED,
    ),
    _text(
        "an opt-in of a command counts to the end of its second",
        CHANGE,
        "            limit = clock.latest() if decision.asked is Asked.OPT_OUT else self._now\n",
        "            limit = clock.latest()\n",
        "integration/cli/agents/test_wrong_clocks.py", DECIDED,
    ),
    _text(
        "an opt-out of a command counts from the start of its second",
        CHANGE,
        "            limit = clock.latest() if decision.asked is Asked.OPT_OUT else self._now\n",
        "            limit = self._now\n",
        "integration/cli/agents/test_wrong_clocks.py", DECIDED,
    ),
    _text(
        "the later copy of a text counts",
        CHANGE,
        "        if each.id not in found or each.at < found[each.id].at:\n",
        "        if each.id not in found or each.at > found[each.id].at:\n",
        DECIDED,
    ),
    _text(
        "copies are looked for within four days",
        CHANGE,
        "COPIES_WITHIN = timedelta(days=40)\n",
        "COPIES_WITHIN = timedelta(days=4)\n",
        DECIDED, OVERRULED,
    ),
    _text(
        "an opt-in counts although there are too many decisions to search",
        CHANGE,
        "        if recorded is None and would_opt_in and not is_newest:\n",
        "        if False:\n",
        DECIDED,
    ),
    _text(
        "the earlier copy of a START in the outbox, too old to search for, is ignored",
        CHANGE,
        "        if recorded is None and would_opt_in and not is_newest:\n",
        "        if recorded is None and would_opt_in:\n",
        DECIDED,
    ),
    _text(
        "a request repeated with its id a day later is taken for a copy",
        CHANGE,
        "        if recorded is None or decision.author is Author.END_USER:\n            return recorded\n",
        "        return recorded\n",
        DECIDED, REPEATED,
    ),
    _text(
        "the newest decision's copy counts for every list",
        CHANGE,
        "        return self._scope is not None and self._scope.is_wider(decision)\n",
        "        return True\n",
        DECIDED,
    ),
    _text(
        "a decision of an earlier release, which names no list, opts in",
        CHANGE,
        "            return decision.asked is Asked.OPT_OUT\n",
        "            return True\n",
        DECIDED,
    ),
    _text(
        "with too many decisions to search, an opt-out between two copies of a START does not stand",
        PROGRESS,
        "    if undecided and stored.status is not Status.OPTED_OUT and (stored.asked_out_at or earlier.at) > earlier.at:\n",
        "    if False:\n",
        DECIDED,
    ),
    _text(
        "a decision still in the outbox does not count again after a copy",
        CHANGE,
        "    return (consent.outbox,) if consent.outbox is not None else ()\n",
        "    return ()\n",
        DECIDED,
    ),
    _text(
        "the later copy's time goes into the history",
        PROGRESS,
        "        outbox = earlier  # the history must have",
        "        pass  # the history must have",
        DECIDED,
    ),
    _text(
        "a STOP overruled by the person's own START is reported",
        CHANGE,
        "        return None if author is Author.END_USER else author\n",
        "        return author\n",
        OVERRULED,
    ),
    _text(
        "YES opts in a person whose STOP is newer",
        PROGRESS,
        "stored.status is Status.OPTED_OUT and stored.decided_at < decision.at\n",
        "stored.status is Status.OPTED_OUT and stored.decided_at <= decision.at\n",
        EVERYDAY,
    ),
    # --- batches
    _text(
        "a record is given up after eleven days",
        BATCH,
        "GIVE_UP_AFTER = timedelta(days=12)",
        "GIVE_UP_AFTER = timedelta(days=11)",
        OUTAGES,
    ),
    _text(
        "a record that stops the process is tried until SQS deletes it",
        BATCH,
        "GIVE_UP_UNTRIED_AFTER = timedelta(days=13)",
        "GIVE_UP_UNTRIED_AFTER = timedelta(days=15)",
        RISKY,
    ),
    _text(
        "texts received three times are not suspect",
        BATCH,
        "record.receives > SUSPECT_AFTER]",
        "record.receives > SUSPECT_AFTER + 1]",
        RISKY, OUTAGES,
    ),
    _text(
        "a risky record is started although the others could not be deleted",
        BATCH,
        "                self._log_failure(suspect, error)\n                continue\n",
        "                self._log_failure(suspect, error)\n",
        RISKY, OUTAGES, "integration/handlers/inbound/test_killed_process.py",
    ),
    _text(
        "the age of a record is that of its text",
        TEXT,
        "        since = self.sent_at or (self.text.at if isinstance(self.text, InboundMessage) else None)\n",
        "        since = self.text.at if isinstance(self.text, InboundMessage) else self.sent_at\n",
        OUTAGES,
    ),
    _text(
        "everyday words are processed before the newest request",
        BATCH,
        "    return [*newest.values(), *everyday, *older, *others]\n",
        "    return [*everyday, *newest.values(), *older, *others]\n",
        EVERYDAY, SLOW, "integration/handlers/inbound/test_texts_side_by_side.py",
    ),
    _text(
        "the oldest request goes first",
        BATCH,
        "key=_newest_last, reverse=True)",
        "key=_newest_last)",
        SLOW,
    ),
    _text(
        "only one number's newest request goes first",
        BATCH,
        "newest.setdefault(each[1].text.destination, each)",
        'newest.setdefault("", each)',
        SLOW,
    ),
    _text(
        "a text is started whatever time is left",
        BATCH,
        "        if message.classification.intent is not Intent.NONE and not self._has_time():\n",
        "        if False:\n",
        SLOW,
    ),
    _text(
        "a dead letter loses the time of a bare payload",
        TEXT,
        '    if "Type" in json.loads(body):\n        return body\n',
        "    if True:\n        return body\n",
        OUTAGES,
    ),
    _text(
        "a throttled text is not processed once more",
        BATCH,
        "                throttled.append((record, message))\n",
        "                self._log_failure(record, Throttled())\n",
        OUTAGES,
    ),
    # --- settings
    _mutant(
        "a number at the edge of its range is refused",
        compare("_Environment.number", "<", "least", "most"),
        BAD_SETTINGS, REPLIES, "integration/cli/doctor/test_doctor.py",
    ),
    _mutant(
        "of two actions for a tier the last applies",
        replace("_Environment.tier_actions", "chosen[tier] = action", "min"),
        BAD_SETTINGS,
    ),
    _mutant(
        "KEYWORD may ask",
        swap("_TIER_ACTIONS", "('OPT_OUT',)", "('OPT_OUT', 'ASK')"),
        BAD_SETTINGS, "integration/cli/doctor/test_doctor.py",
    ),
    _mutant(
        "a lease ends with its function",
        without("_Environment.lease", "CALL_MARGIN"),
        BAD_SETTINGS,
    ),
    _mutant(
        "a bad setting stops every text",
        replace("Container.report_problems", "raise ValueError(problem.message)", "self.reporter.problem"),
        BAD_SETTINGS,
    ),
    # --- rejected numbers, failing items
    _text(
        "a number counts as rejected after four errors",
        REJECTED,
        "    return consent.rejections >= ATTEMPTS and since",
        "    return consent.rejections >= ATTEMPTS - 1 and since",
        NUMBERS,
    ),
    _text(
        "five errors in a minute are permanent",
        REJECTED,
        " and since is not None and now - since >= SPAN\n",
        " and since is not None\n",
        NUMBERS,
    ),
    _text(
        "an error that may be about the list is about the number",
        ERRORS,
        "        if self.reason in _UNSPECIFIC:\n            return None\n",
        "        if self.reason in _UNSPECIFIC:\n            return True\n",
        NUMBERS,
    ),
    _text(
        "a list that cannot be looked at is valid",
        SYNC,
        "            return isinstance(stopped.failure, Rejected) and stopped.failure.concerns_number is True\n",
        "            return True\n",
        NUMBERS,
    ),
    _text(
        "rejections before the number was accepted count",
        PROGRESS,
        "        attempts=0,\n        rejections=0,\n        rejected_since=None,\n        rejection=None,\n        due=None,\n",
        "        attempts=0,\n        rejection=None,\n        due=None,\n",
        NUMBERS,
    ),
    _text(
        "a new STOP has the rejections of the old one",
        PROGRESS,
        "        due_at=None,\n        rejections=0,\n        rejected_since=None,\n        rejection=None,\n    )\n",
        "        due_at=None,\n    )\n",
        NUMBERS,
    ),
    _text(
        "rejected work is tried again hourly",
        REJECTED,
        "RETRIED_EVERY = timedelta(days=1)",
        "RETRIED_EVERY = timedelta(hours=1)",
        NUMBERS,
    ),
    _text(
        "rejected work outlives a newer decision",
        SYNC,
        "        if consent is None or consent.settled or consent.version != work.version:\n",
        "        if consent is None or consent.settled:\n",
        NUMBERS,
    ),
    _text(
        "the consent loses its due work before the rejection is recorded",
        SYNC,
        "                self._sync.ledger.reject(RejectedWork.of(consent, now))\n",
        "                pass\n",
        NUMBERS,
    ),
    _text(
        "other rejections are retried hourly",
        PROGRESS,
        "REJECTED = Backoff(timedelta(minutes=1), timedelta(minutes=5))",
        "REJECTED = Backoff(timedelta(minutes=1), timedelta(minutes=60))",
        NUMBERS,
    ),
    _text(
        "opt-outs that were rejected for another reason are never swept",
        SWEEP,
        "            for rejected in (Rejection.OTHER, Rejection.NUMBER):\n",
        "            for rejected in (Rejection.NUMBER,):\n",
        NUMBERS,
    ),
    _text(
        "an item that fails stays at the front of the queue",
        SWEEP,
        "                self._skip(key, error)\n                self._set_aside(seen)\n",
        "                self._skip(key, error)\n",
        BROKEN,
    ),
    _text(
        "a long queue is taken from the front",
        SWEEP,
        "        if len(first) < LONG:\n",
        "        if True:\n",
        NUMBERS, BROKEN,
    ),
    _text(
        "imports come before opt-outs that are left",
        SWEEP,
        "            if not first_left:\n",
        "            if True:\n",
        IMPORT, BROKEN, NUMBERS,
    ),
    _text(
        "one sweep tries every rejected number again",
        SWEEP,
        "            self._retries -= 1\n",
        "",
        NUMBERS,
    ),
    _text(
        "a ledger that is down lets the sweep go on",
        SWEEP,
        "        self._ledger.take_turn(TURN, self._worker, self._clock.now(), self._deadline)\n\n",
        "\n",
        BROKEN,
    ),
    _text(
        "a sweep for one number waits for nothing",
        SWEEP,
        "                if wait > SOON:\n",
        "                if wait > timedelta():\n",
        "integration/consent/test_sweep_single_numbers.py",
    ),
    # --- the age of opt-outs
    _text(
        "a repeated STOP makes an opt-out young again",
        PROGRESS,
        "            stored, unlisted_since=min(decision.at, now) if imported else stored.out_of_sync_since,\n",
        "            stored, unlisted_since=min(decision.at, now),\n",
        ALARM, "integration/metrics/test_facts_told.py",
    ),
    _text(
        "the oldest of a queue in pages is forgotten between looks",
        OVERDUE,
        '        current = min(found, from_text(known["oldest"])) if "oldest" in known else found\n',
        "        current = found\n",
        ALARM,
    ),
    _text(
        "the oldest of the round before is forgotten",
        OVERDUE,
        "        return min(current, before)\n",
        "        return current\n",
        ALARM,
    ),
    _text(
        "a round that was left long ago still counts",
        OVERDUE,
        "            fresh = now - from_text(item[\"looked_at\"]) <= FORGOTTEN_AFTER\n",
        "            fresh = True\n",
        ALARM,
    ),
    _text(
        "an opt-out is young until it is due again",
        OVERDUE,
        "        return items.consent_from(from_attributes(stored)).out_of_sync_since\n",
        "        return items.consent_from(from_attributes(stored)).due_at or now\n",
        ALARM,
    ),
    # --- deletions and missing lists
    _text(
        "a deletion after the end of its lease is taken for a success",
        SYNC,
        "            if deleted is None or consent.lease == self._worker:\n",
        "            if True:\n",
        LATE,
    ),
    _text(
        "a late deletion is left to the next sweep",
        SYNC,
        "        return self.sync_if_due(consent) if attempt.deleted and not consent.settled else consent\n",
        "        return consent\n",
        LATE,
    ),
    _text(
        "a late deletion without an answer is forgotten",
        SYNC,
        "            if in_doubt and consent.lease != self._worker:\n",
        "            if False:\n",
        LATE,
    ),
    _text(
        "a missing list counts as a number that is not listed",
        LIST,
        "        self._confirm(list_name)\n        return True\n",
        "        return True\n",
        MISSING,
    ),
    _text(
        "an answer that names the list counts as one that names the number",
        LIST,
        'if kind == NUMBER or (isinstance(named, str) and named.lstrip("+") == number.lstrip("+")):\n',
        "if kind == NUMBER or isinstance(named, str):\n",
        MISSING,
    ),
    _text(
        "a number that somebody else deleted may be deleted again within 30 days",
        SYNC,
        "        deleted_at = now if was_listed or self._consent.listed else None\n",
        "        deleted_at = now if was_listed else None\n",
        OPTING_IN, MISSING, "integration/handlers/reconcile/test_kinds_of_drift.py",
    ),
    # --- repeated requests
    _text(
        "a signature is remembered for an hour however long it is valid",
        REPEATS,
        "        until = now + max(REMEMBERED_FOR, request_key.valid_for)\n",
        "        until = now + REMEMBERED_FOR\n",
        REPLAYED,
    ),
    _text(
        "an opt-in is not known by its signature",
        REPEATS,
        '        names += [f"signature {request_key.signature}"] if request_key.signature is not None else []\n',
        "",
        REPLAYED, REPEATED,
    ),
    _text(
        "of two known requests the later counts",
        REPEATS,
        "            if stored is not None and (not known or stored.at < first.at):\n",
        "            if stored is not None and (not known or stored.at > first.at):\n",
        REPLAYED, REPEATED,
    ),
    _text(
        "a request that DynamoDB has not deleted yet is never forgotten",
        RECEIPTS,
        'ConditionExpression="attribute_not_exists(pk) OR #expires < :now",',
        'ConditionExpression="attribute_not_exists(pk) OR (#expires < :now AND #expires > :now)",',
        REPEATED,
    ),
    _text(
        "what failed for a recipient is remembered as its result",
        "sms_consent/recording/channel_requests.py",
        "        if result.became not in {RequestOutcome.FAILED, RequestOutcome.REJECTED}\n",
        "        if True\n",
        REPLAYED,
    ),
    # --- AWS's time and imported times
    _mutant(
        "an opt-out counts from the start of AWS's second",
        without("_DateSample.latest", "REST_OF_SECOND"),
        AWS_CLOCK, "integration/cli/agents/test_wrong_clocks.py",
    ),
    _mutant(
        "opt-ins and opt-outs are stamped the wrong way round",
        compare("AwsClock.stamping", "is not", "Asked.OPT_OUT"),
        AWS_CLOCK, "integration/cli/agents/test_wrong_clocks.py",
    ),
    _mutant(
        "a response of minutes ago still tells the time",
        value("aws_clock:FRESH", "timedelta(minutes=10)"),
        AWS_CLOCK,
    ),
    _mutant(
        "the earliest time counts from when the request was sent",
        swap("_DateSample.earliest", "self.received", "self.sent"),
        AWS_CLOCK,
    ),
    _mutant(
        "a time without a zone is read in the wrong direction",
        value("FIRST_ZONE", "timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))"),
        IMPORTED,
    ),
    _mutant(
        "an imported opt-out counts beyond its import",
        swap("Span.moment", "min(self.latest, now)", "self.latest"),
        IMPORTED,
    ),
    _mutant(
        "an imported opt-in of a day counts from its end",
        returns("Span.moment", "min(self.latest, now)", "min"),
        IMPORTED,
    ),
    _mutant(
        "an hour that a change of clocks repeats is read once",
        swap("TimeFormat._zoned", "1", "0"),
        IMPORTED,
    ),
    _mutant(
        "not having opted out is an opt-in",
        swap("StatusColumn._truth", "NoRequest.NOTHING", "Asked.OPT_IN"),
        GUESS,
    ),
    _mutant(
        "an empty status is an opt-out",
        insert(
        "StatusColumn.read",
        "if not cell and self.kind is not StatusKind.TIME_OF_OPT_OUT: return Asked.OPT_OUT",
        "StatusKind.TIME_OF_OPT_OUT",
        ),
        GUESS,
    ),
    _mutant(
        "a heading about e-mail is about texts",
        without("status_kind", "texting", among="_MARKETING"),
        GUESS,
    ),
    # --- names of lists, and copies between lists
    _text(
        "a list of another region passes for the own one",
        NAMES,
        '        return found["name"] if self.region in ("", found["region"]) else given.strip()\n',
        '        return found["name"]\n',
        ONE_NAME,
    ),
    _text(
        "at equal times the opt-in under the name wins over the opt-out under the ARN",
        RENAMED,
        "    return one.status is Status.OPTED_OUT\n",
        "    return one.status is not Status.OPTED_OUT\n",
        ONE_NAME,
    ),
    _text(
        "a merge forgets the deletion under the ARN",
        RENAMED,
        "        deleted_at=_latest(named.deleted_at, by_arn.deleted_at),\n",
        "        deleted_at=named.deleted_at,\n",
        ONE_NAME,
    ),
    _text(
        "what an earlier release writes after a merge is not merged",
        RENAMED,
        '    return MERGED in item and item[MERGED] == str(item.get("revision"))\n',
        "    return MERGED in item\n",
        ONE_NAME,
    ),
    _text(
        "a START to one sender lifts another sender's opt-out",
        CARRYING,
        "        and stored.decided_by.startswith(_prefix(copy.source))\n",
        "",
        MOVING,
    ),
    _text(
        "two changes of list copy only what the later would",
        CARRYING,
        "        since = None if self.since is None or other.since is None else min(self.since, other.since)\n",
        "        since = None if self.since is None or other.since is None else max(self.since, other.since)\n",
        MOVING,
    ),
    _text(
        "people who wait for an opt-in are not counted",
        CARRYING,
        "    return consent.status is Status.OPT_IN_PENDING and stored is None\n",
        "    return False\n",
        MOVING,
    ),
    _text(
        "a copy does not say that the person asked",
        CARRYING,
        "            end_user=consent.end_user_opted_out if opts_out else None,\n",
        "",
        MOVING,
    ),
    _mutant(
        "the difference is copied before the change shows everywhere",
        without("ListCopying.finish", "SETTLE"),
        MOVING,
    ),
    # --- replies
    _text(
        "a person's first confirmation of STOP in a day is withheld after three others",
        LIMITS,
        "        return kind in today and len(today) >= CONFIRMATIONS\n",
        "        return len(today) >= CONFIRMATIONS\n",
        REPLIES,
    ),
    _text(
        "three opt-ins use up a day's confirmations",
        LIMITS,
        "    return len(today) >= CONFIRMATIONS or today.count(kind) >= OPT_IN_CONFIRMATIONS\n",
        "    return len(today) >= CONFIRMATIONS\n",
        REPLIES,
    ),
    _text(
        "a first confirmation of STOP is cut with the budget",
        LIMITS,
        "    return Priority.OPT_OUT if confirmed else Priority.FIRST_OPT_OUT\n",
        "    return Priority.OPT_OUT\n",
        REPLIES,
    ),
    _text(
        "HELP may use the whole budget",
        BUDGET,
        "    return self._per_day if priority is Priority.OPT_OUT else int(self._per_day * LOW_PRIORITY_SHARE)\n",
        "    return self._per_day\n",
        BUDGETS,
    ),
    _text(
        "a new day has no new budget",
        BUDGET,
        "        if today > self._day:\n",
        "        if today < self._day:\n",
        BUDGETS,
    ),
    _text(
        "what an environment has reserved and not sent counts as sent for itself",
        BUDGET,
        "self._total - self._left >= limit):\n",
        "self._total >= limit):\n",
        BUDGETS,
    ),
    _text(
        "a reply that was throttled is counted",
        POSTMAN,
        "        except Untouched:\n            self.limits.give_back()\n            raise\n",
        "        except Untouched:\n            raise\n",
        REPLIES,
    ),
    _text(
        "a failed reservation is tried again at once",
        BUDGET,
        "RETRY_AFTER = timedelta(minutes=1)\n",
        "RETRY_AFTER = timedelta(milliseconds=1)\n",
        BUDGETS,
    ),
    _text(
        "HELP is limited by the hour only",
        LIMITS,
        "    ReplyKind.HELP: (Limit(3, timedelta(hours=1)), Limit(6, LONGEST)),\n",
        "    ReplyKind.HELP: (Limit(3, timedelta(hours=1)),),\n",
        REPLIES,
    ),
    _text(
        "a reply that an older question still waits for is dropped",
        LETTERS,
        "            )  # the newest question to each origination identity is answered\n",
        "            )[:0]\n",
        REPLIES,
    ),
    # --- echoes
    _mutant(
        "a copy of a reply of weeks ago is an echo",
        without("Classifier.classify_for.sent", "ECHO_WITHIN"),
        ECHOES,
    ),
    _mutant(
        "a copy of a reply that was never sent is an echo",
        without("Classifier.classify_for.sent", "each.digest"),
        ECHOES,
    ),
    _mutant(
        "half a reply is an echo",
        value("non_authored_text:_ALIKE", "0.5"),
        ECHOES,
    ),
    _mutant(
        "a text that begins with an opt-out keyword may be an echo",
        without("RuleSet._by_keywords_and_tiers", "begins_with_opt_out"),
        "unit/intent/test_non_authored_text.py", ECHOES,
    ),
    _mutant(
        "a piece of a reply opts in",
        drop("LowerTiers.classify", "immune:own-reply"),
        ECHOES,
    ),
    _mutant(
        "a quotation opts in",
        never("LowerTiers.classify", "authored.rule", "immune:quotation"),
        ECHOES, "unit/intent/test_non_authored_text.py", "unit/intent/test_deployment_keywords.py",
    ),
    _mutant(
        "a setting turns a built-in opt-out word into another",
        replace("RuleSet._without_weaker_keywords", "return result", "built_in", "Intent.OPT_OUT"),
        BAD_SETTINGS, "unit/intent/test_deployment_keywords.py",
    ),
)  # fmt: skip
