"""The composition root: builds the objects of functions and commands from settings and adapters.

Imports at the top are those of InboundFunction. What it does not use is imported where it is built, since its cold start counts.
NotifyFunction and RetentionFunction, which need no list and no rules of texts, have ``ledger_only`` instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property, partial
from secrets import token_hex
from typing import TYPE_CHECKING

from sms_consent.adapters import clients
from sms_consent.adapters.clock import QuotaRateLimiter, SenderCache, SystemClock
from sms_consent.adapters.dynamodb.known_lists import CachedLists, ListStore
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList, AwsTexting
from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent.adapters.sqs.inbound_queue import InboundQueue
from sms_consent.bootstrap.cold_start import uncollected
from sms_consent.bootstrap.observability import OperationalReporter, logger, metrics
from sms_consent.bootstrap.setting_problems import problems_of
from sms_consent.bootstrap.settings import Problem, Settings
from sms_consent.domain.operational_events import OperationalEvent, OperationalEventKind, observed
from sms_consent.domain.ports import Call, RateLimiter
from sms_consent.domain.propagation import Reach, Scope
from sms_consent.inbound.batch import Batch, Runner, Texts, ThreadedRunner, run_in_sequence
from sms_consent.inbound.processor import FailingProcessor, InboundProcessor, actions_for
from sms_consent.intent import Intent, RuleSet
from sms_consent.intent.classifier import Classifier
from sms_consent.recording.recorder import Recorder
from sms_consent.replies import Replies
from sms_consent.sync.help_and_clarification import HelpAndClarification
from sms_consent.sync.reply_sender import ReplyBudget, ReplyLimits, ReplySender
from sms_consent.sync.sync import Sync

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

    from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
    from sms_consent.adapters.dynamodb.list_copies import ListCopies
    from sms_consent.adapters.secrets import CachedAccessKeys
    from sms_consent.domain.consent import Due
    from sms_consent.domain.list_names import ListNames
    from sms_consent.domain.ports import Clock, ConsentLedger
    from sms_consent.reconciliation.ports import ProgressStore
    from sms_consent.reconciliation.reconciler import Reconciler
    from sms_consent.recording.channel_requests import ChannelRequests
    from sms_consent.sync.sweep import Sweep

__all__ = ["Container", "assemble_reconciler", "postbacks_for", "replies_for", "rules_for"]

_token = partial(token_hex, 16)
"""Returns a new name for a lease or a turn."""

CONCURRENT_SENDERS = clients.CONNECTIONS
"""How many people's texts InboundFunction processes at once: each needs one connection at a time."""

_NO_DEAD_LETTER_QUEUE = Problem(
    "DEAD_LETTER_QUEUE_URL",
    "is missing; a record that cannot be read stays in the queue",
    "Set the function's environment as template.yaml has it.",
)


class Container:
    """The objects of one process. Each is built when it is first used, and kept.

    Properties raise SettingsError if the environment names no ledger or no opt-out list.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        service: str | None = None,
        paced: bool = False,
        clock: Clock | None = None,
        dynamodb: DynamoDBClient | None = None,
        sms_voice: PinpointSMSVoiceV2Client | None = None,
        looks_further: bool = True,
        free_replies: int = 0,
    ) -> None:
        """Store the choices.

        Args:
            settings: by default, those of the environment.
            service: the function whose logs and metrics report operational events; None reports nothing.
            paced: space calls by the API's rates, for a worker that makes many. Others call at once and respect refusals.
            dynamodb, sms_voice: by default, the functions' clients. A client for the list must not retry.
            looks_further: see ``DynamoLedger``.
            free_replies: replies sent without a reservation of the day's budget (``ReplyBudget``).
        """
        self._settings = settings
        self._service = service
        self._paced = paced
        self._clock = clock
        self._dynamodb = dynamodb
        self._sms_voice = sms_voice
        self._looks_further = looks_further
        self._free_replies = free_replies

    # What several functions use.

    @cached_property
    def settings(self) -> Settings:
        """The deployment's settings."""
        return self._settings or Settings.from_environment(os.environ)

    @cached_property
    def clock(self) -> Clock:
        """The time."""
        return self._clock or SystemClock()

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """The ledger's client."""
        return self._dynamodb or clients.dynamodb()

    @cached_property
    def sms_voice(self) -> PinpointSMSVoiceV2Client:
        """The client of the opt-out list and of texting."""
        return self._sms_voice or clients.sms_voice()

    @cached_property
    def reporter(self) -> OperationalReporter | None:
        """The reporter that logs and counts operational events; None without a service."""
        return OperationalReporter(self._service, self.clock) if self._service else None

    @cached_property
    def ledger(self) -> ConsentLedger:
        """The ledger of consent, which reports operational events."""
        return observed(self._table, self.reporter) if self.reporter else self._table

    @cached_property
    def _table(self) -> DynamoLedger:
        settings = self.settings
        return DynamoLedger(
            self.dynamodb,
            settings.table,
            settings.names,
            settings.listed_by_arn,
            looks_further=self._looks_further,
            clock=self.clock,
        )

    @cached_property
    def queries(self) -> DynamoConsentQueries:
        """The queries of a number's consents and decisions."""
        from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries

        return DynamoConsentQueries(self.dynamodb, self.settings.table, lambda: self.settings.names)

    @cached_property
    def senders(self) -> SenderCache:
        """The settings of origination identities."""
        return SenderCache(self._table, self.clock)

    @cached_property
    def lists(self) -> CachedLists:
        """The opt-out lists of the deployment."""
        return CachedLists(
            self.dynamodb,
            self.settings.table,
            self.clock,
            names=self.settings.names,
            own_list=self.settings.opt_out_list,
        )

    @cached_property
    def replies(self) -> Replies:
        """The wording of replies."""
        return replies_for(self.settings)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """The rates of the list's API and of texting."""
        rates = {
            Call.PUT: self.settings.put_rate,
            Call.DELETE: self.settings.delete_rate,
            Call.FIND: self.settings.describe_rate,
            Call.SEND: self.settings.text_rate,
        }
        return QuotaRateLimiter(self.clock, rates) if self._paced else QuotaRateLimiter(self.clock, at_once=rates)

    @cached_property
    def reply_sender(self) -> ReplySender:
        """The sender of replies."""
        texting = AwsTexting(self.sms_voice, self.settings.reply_configuration_set)
        limits = ReplyLimits(self._reply_budget())
        warn = self.reporter.unfit if self.reporter else None
        return ReplySender(texting, self.replies, self.senders, self.rate_limiter, limits, warn)

    def _reply_budget(self) -> ReplyBudget | None:
        """Return the budget of replies; None if the deployment has none."""
        per_day = self.settings.replies_per_day
        if not per_day:
            return None
        report = self.reporter or _ignore
        failed = partial(report, (OperationalEvent(kind=OperationalEventKind.BUDGET_FAILED),))
        return ReplyBudget(self._table.reserve_replies, per_day=per_day, free=self._free_replies, failed=failed)

    @cached_property
    def sync(self) -> Sync:
        """The sync that makes the opt-out list match the ledger."""
        return Sync(
            ledger=self.ledger,
            opt_out_list=AwsOptOutList(self.sms_voice, self.rate_limiter),
            reply_sender=self.reply_sender,
            rate_limiter=self.rate_limiter,
            clock=self.clock,
            new_token=_token,
            lease=self.settings.lease,
            has_time=partial(clients.deadline.allows, clients.SYNCING),
            gives_up=self._paced,
        )

    @cached_property
    def recorder(self) -> Recorder:
        """The recorder of decisions, which also syncs."""
        settings, scope = self.settings, None
        if {settings.opt_out_scope, settings.opt_in_scope} != {Reach.SENDER}:
            scope = Scope(
                opt_out=settings.opt_out_scope,
                opt_in=settings.opt_in_scope,
                own_list=settings.opt_out_list,
                lists=self.lists,
            )
        return Recorder(ledger=self.ledger, sync=self.sync, clock=self.clock, grace=settings.grace, scope=scope)

    @cached_property
    def help_and_clarification(self) -> HelpAndClarification:
        """The service that records texts that change no consent, and replies to them."""
        return HelpAndClarification(
            ledger=self.ledger,
            reply_sender=self.reply_sender,
            rate_limiter=self.rate_limiter,
            clock=self.clock,
            new_token=_token,
        )

    # InboundFunction

    @cached_property
    def inbound_processor(self) -> InboundProcessor:
        """The processor that classifies texts and applies them."""
        settings = self.settings
        return InboundProcessor(
            classifier=Classifier(
                rules_for(settings), self.replies, self.reply_sender.replies_of, postbacks_for(settings)
            ),
            recorder=self.recorder,
            help_and_clarification=self.help_and_clarification,
            senders=self.senders,
            clock=self.clock,
            own_list=settings.opt_out_list,
            actions=actions_for(settings.tier_actions),
        )

    @cached_property
    def inbound_batch(self) -> Batch:
        """The processor of an event's records. Each setting that cannot be used is logged and counted once."""
        with uncollected("first event"):
            self.report_problems(self.inbound_processor.rules)
            if self.reporter is not None and self.settings.dead_letter_queue_url is None:
                self.reporter.problem(_NO_DEAD_LETTER_QUEUE)
            return self._inbound_batch(self.inbound_processor, ThreadedRunner(CONCURRENT_SENDERS))

    def failing_inbound_batch(self, error: Exception) -> Batch:
        """Return a batch in which every readable text fails with ``error``. Unreadable and very old records are still
        moved."""
        return self._inbound_batch(FailingProcessor(error), run_in_sequence)

    def _inbound_batch(self, inbound: Texts, run: Runner) -> Batch:
        queue_url = os.environ.get("INBOUND_QUEUE_URL")
        service = self._service or "inbound"
        return Batch(
            inbound=inbound,
            dead_letters=DeadLetters(clients.queues, os.environ.get("DEAD_LETTER_QUEUE_URL") or None),
            queue=InboundQueue(clients.queues, queue_url) if queue_url else None,
            clock=self.clock,
            logger=logger(service),
            metrics=metrics(service),
            has_time=partial(clients.deadline.allows, clients.RECORDING),
            run=run,
        )

    # SweepFunction

    @cached_property
    def sweep(self) -> Sweep:
        """The sweep of due work."""
        from sms_consent.sync.sweep import Sweep

        return Sweep(
            ledger=self.ledger,
            sync=self.sync,
            help_and_clarification=self.help_and_clarification,
            clock=self.clock,
            new_token=_token,
        )

    def count_due(self) -> dict[Due, int]:
        """Return the number of due items by kind. Raises TryAgain or Rejected."""
        from sms_consent.adapters.dynamodb.due_index import due_by_kind

        return due_by_kind(self.dynamodb, self.settings.table, self.clock.now())

    def count_rejected(self) -> int:
        """Return how many numbers AWS rejects permanently. Raises TryAgain or Rejected."""
        from sms_consent.adapters.dynamodb.due_index import rejected_numbers

        return rejected_numbers(self.dynamodb, self.settings.table)

    def oldest_opt_out(self) -> timedelta:
        """Return how long the oldest due opt-out has been waiting. Raises TryAgain or Rejected."""
        from sms_consent.adapters.dynamodb.due_index import OldestOptOut

        return OldestOptOut(self.dynamodb, self.settings.table).age(self.clock.now())

    @cached_property
    def settings_problems(self) -> tuple[Problem, ...]:
        """The problems of the settings. They are logged once, and not counted: SweepFunction counts them at each run."""
        return self.report_problems(rules_for(self.settings), counted=False)

    def report_problems(self, rules: RuleSet | None = None, *, counted: bool = True) -> tuple[Problem, ...]:
        """Log each setting that cannot be used and, if ``counted``, count it. With ``rules``, include the deployment's own
        words."""
        found = problems_of(self.settings, self.replies, rules)
        if self.reporter is not None:
            for problem in found:
                self.reporter.problem(problem, counted=counted)
        return found

    # ReconcileFunction

    @cached_property
    def reconciler(self) -> Reconciler:
        """The comparison of the lists with the ledger."""
        from sms_consent.adapters.sms_voice.listings import served_lists

        settings = self.settings
        additional = os.environ.get("ADDITIONAL_OPT_OUT_LISTS", "")
        return assemble_reconciler(
            self.dynamodb,
            self.sms_voice,
            table=settings.table,
            lists=served_lists(settings.opt_out_list, additional, settings.names.account),
            rate=settings.describe_rate,
            names=settings.names,
            listed_by_arn=settings.listed_by_arn,
            clock=self.clock,
        )

    @cached_property
    def list_copies(self) -> ListCopies:
        """The service that copies opt-outs to a sender's new list."""
        from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
        from sms_consent.adapters.dynamodb.list_copies import ListCopies
        from sms_consent.recording.list_copy import ListCopier

        settings = self.settings
        return ListCopies(
            own_list=settings.opt_out_list,
            list_store=ListStore(self.dynamodb, settings.table, settings.names),
            copier=ListCopier(
                ledger=self.ledger,
                scan=DynamoConsentScan(self.dynamodb, settings.table, settings.names),
                clock=self.clock,
                actor="ReconcileFunction",
            ),
            ledger=self.ledger,
            clock=self.clock,
            new_token=_token,
        )

    # ApiFunction

    @cached_property
    def access_keys(self) -> CachedAccessKeys | None:
        """The API's access keys; None if the deployment has none, so that only IAM principals have access."""
        from sms_consent.adapters.secrets import CachedAccessKeys

        secret = os.environ.get("ACCESS_KEYS_SECRET")
        return CachedAccessKeys(clients.secrets(), secret, self.clock) if secret else None

    @cached_property
    def channel_requests(self) -> ChannelRequests:
        """The service for requests from channels other than texts. Each setting that cannot be used is logged and counted
        once.

        If the setting ``UNKNOWN_SENDERS`` is ``REFUSE``, senders without settings are refused. An invalid value counts as
        ``OWN_LIST``, so that no opt-out is refused because of it.
        """
        from sms_consent.adapters.dynamodb.current_consents import CurrentConsents
        from sms_consent.adapters.dynamodb.idempotency_store import DynamoIdempotencyStore
        from sms_consent.recording.channel_requests import ChannelRequests
        from sms_consent.recording.idempotency import IdempotentRequests

        self.report_problems()
        refuses = os.environ.get("UNKNOWN_SENDERS") == "REFUSE"
        return ChannelRequests(
            ledger=self.ledger,
            recorder=self.recorder,
            idempotency=IdempotentRequests(DynamoIdempotencyStore(self.dynamodb, self.settings.table)),
            senders=self.senders,
            own_list=None if refuses else self.settings.opt_out_list,
            clock=self.clock,
            current=CurrentConsents(self.queries, self.lists).of,
        )


def assemble_reconciler(
    dynamodb: DynamoDBClient,
    sms: PinpointSMSVoiceV2Client,
    *,
    table: str,
    lists: tuple[str, ...],
    rate: float,
    clock: Clock,
    dry_book: ProgressStore | None = None,
    names: ListNames | None = None,
    listed_by_arn: Iterable[str] = (),
) -> Reconciler:
    """Build a reconciler for the function or the command.

    Args:
        rate: DescribeOptedOutNumbers calls per second.
        dry_book: the progress store of a dry run, which writes nothing to the ledger.
    """
    from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
    from sms_consent.adapters.dynamodb.reconcile_progress import DynamoProgressStore
    from sms_consent.adapters.sms_voice.listings import AwsListings
    from sms_consent.reconciliation.reconciler import Reconciler

    rate_limiter = QuotaRateLimiter(clock, {Call.FIND: rate})
    ledger = DynamoLedger(dynamodb, table, names, listed_by_arn, clock=clock)
    return Reconciler(
        lists=lists,
        ledger=ledger,
        scan=DynamoConsentScan(dynamodb, table, names, clock, merged=ledger.consent if dry_book is None else None),
        progress_store=dry_book if dry_book is not None else DynamoProgressStore(dynamodb, table),
        listings=AwsListings(sms),
        opt_out_list=AwsOptOutList(sms, rate_limiter),
        rate_limiter=rate_limiter,
        clock=clock,
        new_token=_token,
        dry=dry_book is not None,
    )


def rules_for(settings: Settings) -> RuleSet:
    """Return the built-in rules with the deployment's own words added."""

    return RuleSet(
        opt_out=settings.extra_opt_out,
        opt_in=settings.extra_opt_in,
        help=settings.extra_help,
        ordinary=settings.ordinary,
    )


def postbacks_for(settings: Settings) -> dict[str, Intent]:
    """Return the intents of RCS suggestions, by postback data."""

    return {postback: Intent(intent) for postback, intent in settings.suggestion_postbacks.items()}


def replies_for(settings: Settings) -> Replies:
    """Return the deployment's replies. A reply that would be too long is composed without the brand."""

    return Replies(
        brand=settings.brand,
        support_contact=settings.support_contact,
        default_language=settings.language,
        checked=False,
    )


def _ignore(_: object) -> None:
    pass
