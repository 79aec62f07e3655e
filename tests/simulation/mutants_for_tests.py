"""Ways in which the code is broken on purpose where the simulation does not reach: tests have to notice each of them."""

from __future__ import annotations

from simulation.mutation import (
    Edit,
    Mutant,
    always,
    argument,
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
    _mutant(
        "a read time-out counts as not sent",
        swap("translation_of", "Unavailable", "Unreached", "Unavailable", "__name__"),
        LOST,
    ),
    _mutant(
        "a record that cannot be dead-lettered is dropped",
        drop("inbound.batch:Batch._give_up", "return", under="Exception"),
        OUTAGES,
    ),
    _mutant(
        "a record written again by the client does not recognise itself",
        never("DynamoLedger._put", "same_is_written", "stored"),
        LOST, ONE_NAME,
    ),
    _mutant(
        "a sweep does not reset its rate limiter",
        drop("Sweep.run", "begin"),
        LOST,
    ),
    _mutant(
        "a deletion in doubt is forgotten when no lease is taken",
        argument("_with_work", "replace", "uncertain_delete_at", None, "uncertain_delete_at", "now"),
        LOST,
    ),
    _mutant(
        "a STOP does not overtake its import",
        returns("_urgency", "due"),
        IMPORT,
    ),
    # --- attributes that another version wrote
    _mutant(
        "what cannot be read is put back over a newer value",
        always("codec:_values", "stand_in"),
        VERSIONS,
    ),
    _mutant(
        "an unknown status counts as opted in",
        swap("_CONSENT_STAND_INS", "Status.OPTED_OUT.value", "Status.OPTED_IN.value"),
        VERSIONS,
    ),
    _mutant(
        "an item whose revision cannot be read is never written",
        never("guard", "revision", "unreadable"),
        VERSIONS, BROKEN,
    ),
    _mutant(
        "a letter forgets what a newer version added",
        argument("ReplyThread.after", "replace", "preserved"),
        VERSIONS,
    ),
    _mutant(
        "a reply in an unknown state is sent",
        never("items:_reply", "unreadable"),
        VERSIONS,
    ),
    _mutant(
        "the copy of a decision that cannot be read is dropped by the next decision",
        never("codec:_values", "found", "unreadable"),
        VERSIONS,
    ),
    # --- when a decision counts
    _mutant(
        "a text's timestamp in the future is altered",
        always("_ConsentChange.apply", "Author.END_USER"),
        DECIDED,
    ),
    _mutant(
        "an opt-in of a command counts to the end of its second",
        always("_ConsentChange.apply", "Asked.OPT_OUT"),
        "integration/cli/agents/test_wrong_clocks.py", DECIDED,
    ),
    _mutant(
        "an opt-out of a command counts from the start of its second",
        never("_ConsentChange.apply", "Asked.OPT_OUT"),
        "integration/cli/agents/test_wrong_clocks.py", DECIDED,
    ),
    _mutant(
        "the later copy of a text counts",
        compare("_earliest", ">", "each.at"),
        DECIDED,
    ),
    _mutant(
        "copies are looked for within four days",
        value("COPIES_WITHIN", "timedelta(days=4)"),
        DECIDED, OVERRULED,
    ),
    _mutant(
        "an opt-in counts although there are too many decisions to search",
        never("_ConsentChange._decided_at_earliest_time", "would_opt_in"),
        DECIDED,
    ),
    _mutant(
        "the earlier copy of a START in the outbox, too old to search for, is ignored",
        without("_ConsentChange._decided_at_earliest_time", "is_newest", among="would_opt_in"),
        DECIDED,
    ),
    _mutant(
        "a request repeated with its id a day later is taken for a copy",
        returns("_ConsentChange._recorded", "recorded", "RETRIES_WITHIN"),
        DECIDED, REPEATED,
    ),
    _mutant(
        "the newest decision's copy counts for every list",
        returns("_ConsentChange._counts", "True", "is_wider"),
        DECIDED,
    ),
    _mutant(
        "a decision of an earlier release, which names no list, opts in",
        returns("_ConsentChange._counts", "True", "Asked.OPT_OUT"),
        DECIDED,
    ),
    _mutant(
        "with too many decisions to search, an opt-out between two copies of a START does not stand",
        never("moved_back", "undecided"),
        DECIDED,
    ),
    _mutant(
        "a decision still in the outbox does not count again after a copy",
        returns("_not_in_history", "()"),
        DECIDED,
    ),
    _mutant(
        "the later copy's time goes into the history",
        never("moved_back", "earlier.id"),
        DECIDED,
    ),
    _mutant(
        "a STOP overruled by the person's own START is reported",
        returns("_ConsentChange.overruled_by", "author", "author"),
        OVERRULED,
    ),
    _mutant(
        "YES opts in a person whose STOP is newer",
        compare("_reverses_opt_out", "<=", "stored.decided_at"),
        EVERYDAY,
    ),
    # --- batches
    _mutant(
        "a record is given up after eleven days",
        value("GIVE_UP_AFTER", "timedelta(days=11)"),
        OUTAGES,
    ),
    _mutant(
        "a record that stops the process is tried until SQS deletes it",
        value("GIVE_UP_UNTRIED_AFTER", "timedelta(days=15)"),
        RISKY,
    ),
    _mutant(
        "texts received three times are not suspect",
        swap("inbound.batch:Batch.handle", "SUSPECT_AFTER", "SUSPECT_AFTER + 1", "suspects", "SUSPECT_AFTER"),
        RISKY, OUTAGES,
    ),
    _mutant(
        "a risky record is started although the others could not be deleted",
        drop("Batch._process_suspects", "continue", under="ConsentError"),
        RISKY, OUTAGES, "integration/handlers/inbound/test_killed_process.py",
    ),
    _mutant(
        "the age of a record is that of its text",
        replace(
        "Record.age", "since = self.text.at if isinstance(self.text, InboundMessage) else self.sent_at", "self.sent_at"
        ),
        OUTAGES,
    ),
    _mutant(
        "everyday words are processed before the newest request",
        returns("in_order", "[*everyday, *newest.values(), *older, *others]", "older"),
        EVERYDAY, SLOW, "integration/handlers/inbound/test_concurrent_texts.py",
    ),
    _mutant(
        "the oldest request goes first",
        argument("in_order", "sorted", "reverse"),
        SLOW,
    ),
    _mutant(
        "only one number's newest request goes first",
        swap("in_order", "each[1].text.destination", "''"),
        SLOW,
    ),
    _mutant(
        "a text is started whatever time is left",
        never("Batch._require_time", "_has_time"),
        SLOW,
    ),
    _mutant(
        "a dead letter loses the time of a bare payload",
        always("with_time", "Type"),
        OUTAGES,
    ),
    _mutant(
        "a throttled text is not processed once more",
        replace("Batch._process_person", "self._log_failure(record, Throttled())", "throttled.append"),
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
    _mutant(
        "a number counts as rejected after four errors",
        swap("is_permanent", "ATTEMPTS", "ATTEMPTS - 1"),
        NUMBERS,
    ),
    _mutant(
        "five errors in a minute are permanent",
        without("is_permanent", "SPAN"),
        NUMBERS,
    ),
    _mutant(
        "an error that may be about the list is about the number",
        returns("Rejected.concerns_number", "True", "None"),
        NUMBERS,
    ),
    _mutant(
        "a list that cannot be looked at is valid",
        returns("_Attempt._is_final", "True", "stopped.failure"),
        NUMBERS,
    ),
    _mutant(
        "rejections before the number was accepted count",
        argument("_done", "replace", "rejections"),
        argument("_done", "replace", "rejected_since"),
        NUMBERS,
    ),
    _mutant(
        "a new STOP has the rejections of the old one",
        argument("_changed", "replace", "rejections"),
        argument("_changed", "replace", "rejected_since"),
        argument("_changed", "replace", "rejection"),
        NUMBERS,
    ),
    _mutant(
        "rejected work is tried again hourly",
        value("RETRIED_EVERY", "timedelta(hours=1)"),
        NUMBERS,
    ),
    _mutant(
        "rejected work outlives a newer decision",
        without("Sync.retry", "work.version"),
        NUMBERS,
    ),
    _mutant(
        "the consent loses its due work before the rejection is recorded",
        drop("_Attempt._postpone", "RejectedWork.of"),
        NUMBERS,
    ),
    _mutant(
        "other rejections are retried hourly",
        value("transitions:REJECTED", "Backoff(timedelta(minutes=1), timedelta(minutes=60))"),
        NUMBERS,
    ),
    _mutant(
        "opt-outs that were rejected for another reason are never swept",
        swap("_Run.work", "(Rejection.OTHER, Rejection.NUMBER)", "(Rejection.NUMBER,)"),
        NUMBERS,
    ),
    _mutant(
        "an item that fails stays at the front of the queue",
        drop("_Run._opt", "_postpone"),
        BROKEN,
    ),
    _mutant(
        "a long queue is taken from the front",
        always("_Run._opt_outs", "LONG"),
        NUMBERS, BROKEN,
    ),
    _mutant(
        "imports come before opt-outs that are left",
        always("_Run.work", "first_left"),
        IMPORT, BROKEN, NUMBERS,
    ),
    _mutant(
        "one sweep tries every rejected number again",
        drop("_Run._retry", "self._retries", "1"),
        NUMBERS,
    ),
    _mutant(
        "a ledger that is down lets the sweep go on",
        drop("_Run._skip", "take_turn"),
        BROKEN,
    ),
    _mutant(
        "a sweep for one number waits for nothing",
        swap("Sweep.run_for", "SOON", "timedelta()"),
        "integration/consent/test_sweep_single_numbers.py",
    ),
    # --- the age of opt-outs
    _mutant(
        "a repeated STOP makes an opt-out young again",
        argument("transitions:decide", "replace", "unlisted_since", "min(decision.at, now)", "imported", "unlisted_since"),
        ALARM, "integration/metrics/test_operational_events.py",
    ),
    _mutant(
        "the oldest of a queue in pages is forgotten between looks",
        never("OldestOptOut._continue_search", "oldest"),
        ALARM,
    ),
    _mutant(
        "the oldest of the round before is forgotten",
        returns("OldestOptOut._continue_search", "current", "before"),
        ALARM,
    ),
    _mutant(
        "a round that was left long ago still counts",
        replace("OldestOptOut._known", "fresh = True", "FORGOTTEN_AFTER"),
        ALARM,
    ),
    _mutant(
        "an opt-out is young until it is due again",
        swap("due_index:_since", ".out_of_sync_since", ".due_at"),
        ALARM,
    ),
    # --- deletions and missing lists
    _mutant(
        "a deletion after the end of its lease is taken for a success",
        always("_Attempt._off_the_list", "consent.lease"),
        LATE,
    ),
    _mutant(
        "a late deletion is left to the next sweep",
        returns("Sync.sync_with_lease", "consent", "sync_if_due"),
        LATE,
    ),
    _mutant(
        "a late deletion without an answer is forgotten",
        never("_Attempt._postpone", "in_doubt", "consent.lease"),
        LATE,
    ),
    _mutant(
        "a missing list counts as a number that is not listed",
        drop("AwsOptOutList._is_unlisted", "self._confirm"),
        MISSING,
    ),
    _mutant(
        "an answer that names the list counts as one that names the number",
        without("AwsOptOutList._is_unlisted", "number.lstrip"),
        MISSING,
    ),
    _mutant(
        "a number that somebody else deleted may be deleted again within 30 days",
        without("_Attempt._delete", "self._consent.listed"),
        OPTING_IN, MISSING, "integration/handlers/reconcile/test_kinds_of_drift.py",
    ),
    # --- repeated requests
    _mutant(
        "a signature is remembered for an hour however long it is valid",
        swap("IdempotentRequests.opting_in", "max(REMEMBERED_FOR, request_key.valid_for)", "REMEMBERED_FOR"),
        REPLAYED,
    ),
    _mutant(
        "an opt-in is not known by its signature",
        drop("IdempotentRequests.opting_in", "request_key.signature"),
        REPLAYED, REPEATED,
    ),
    _mutant(
        "of two known requests the later counts",
        compare("IdempotentRequests.opting_in", ">", "stored.at", "first.at"),
        REPLAYED, REPEATED,
    ),
    _mutant(
        "a request that DynamoDB has not deleted yet is never forgotten",
        swap(
        "DynamoIdempotencyStore.store",
        "'attribute_not_exists(pk) OR #expires < :now'",
        "'attribute_not_exists(pk) OR (#expires < :now AND #expires > :now)'",
        ),
        REPEATED,
    ),
    _mutant(
        "what failed for a recipient is remembered as its result",
        always("channel_requests:_written", "RequestOutcome.FAILED"),
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
        compare("AwsClock.decision_clock", "is not", "Asked.OPT_OUT"),
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
    _mutant(
        "a list of another region passes for the own one",
        returns("ListNames.canonical", "found['name']", "found"),
        ONE_NAME,
    ),
    _mutant(
        "at equal times the opt-in under the name wins over the opt-out under the ARN",
        compare("renamed_lists:_is_newer", "is not", "Status.OPTED_OUT"),
        ONE_NAME,
    ),
    _mutant(
        "a merge forgets the deletion under the ARN",
        argument("renamed_lists:merge", "replace", "deleted_at", "named.deleted_at"),
        ONE_NAME,
    ),
    _mutant(
        "what an earlier release writes after a merge is not merged",
        without("is_merged", "revision"),
        ONE_NAME,
    ),
    _mutant(
        "a START to one sender lifts another sender's opt-out",
        without("_is_to_copy", "stored.decided_by"),
        MOVING,
    ),
    _mutant(
        "two changes of list copy only what the later would",
        swap("ListCopy.merged", "min", "max"),
        MOVING,
    ),
    _mutant(
        "people who wait for an opt-in are not counted",
        returns("list_copy:is_affected", "False", "Status.OPT_IN_PENDING"),
        MOVING,
    ),
    _mutant(
        "a copy does not say that the person asked",
        argument("ListCopier._decision", "Decision", "end_user"),
        MOVING,
    ),
    _mutant(
        "the difference is copied before the change shows everywhere",
        without("ListCopying.finish", "SETTLE"),
        MOVING,
    ),
    # --- replies
    _mutant(
        "a person's first confirmation of STOP in a day is withheld after three others",
        swap("enough", "kind in today", "True"),
        REPLIES,
    ),
    _mutant(
        "three opt-ins use up a day's confirmations",
        without("enough", "OPT_IN_CONFIRMATIONS"),
        REPLIES,
    ),
    _mutant(
        "a first confirmation of STOP is cut with the budget",
        returns("_priority", "Priority.OPT_OUT", "confirmed"),
        REPLIES,
    ),
    _mutant(
        "HELP may use the whole budget",
        returns("ReplyBudget._limit", "self._per_day"),
        BUDGETS,
    ),
    _mutant(
        "a new day has no new budget",
        compare("ReplyBudget._turn_day", "<", "today"),
        BUDGETS,
    ),
    _mutant(
        "what an environment has reserved and not sent counts as sent for itself",
        without("ReplyBudget._refusal", "self._left", among="self._total"),
        BUDGETS,
    ),
    _mutant(
        "a reply that was throttled is counted",
        drop("ReplySender.deliver", "give_back", under="Untouched"),
        REPLIES,
    ),
    _mutant(
        "a failed reservation is tried again at once",
        value("RETRY_AFTER", "timedelta(milliseconds=1)"),
        BUDGETS,
    ),
    _mutant(
        "HELP is limited by the hour only",
        swap("QUESTION_LIMITS", "(Limit(3, timedelta(hours=1)), Limit(6, LONGEST))", "(Limit(3, timedelta(hours=1)),)"),
        REPLIES,
    ),
    _mutant(
        "a reply that an older question still waits for is dropped",
        replace("HelpAndClarification._thread", "waiting = ()", "each.sender"),
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
        value("_ALIKE", "0.5"),
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
