"""The one place where the core meets AWS: everything that a function needs, put together from its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sms_consent.adapters import clients
from sms_consent.adapters.clock import SystemClock
from sms_consent.adapters.dynamodb.known_lists import RememberedLists
from sms_consent.adapters.dynamodb.store import DynamoLedger
from sms_consent.adapters.observed_ledger import observed
from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList, AwsTexting
from sms_consent.adapters.timed_cache import SenderCache
from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.operational_events import OperationalEvent, OperationalEventKind
from sms_consent.domain.ports import Clock, ConsentLedger
from sms_consent.domain.propagation import Scope
from sms_consent.domain.rate_limiter import Call, RateLimiter
from sms_consent.inbound.processor import Action, InboundProcessor
from sms_consent.intent import Intent, RuleSet, Tier
from sms_consent.intent.classifier import Classifier
from sms_consent.recording.recorder import Recorder
from sms_consent.replies import Replies, Unfit
from sms_consent.sync.help_and_clarification import HelpAndClarification
from sms_consent.sync.reply_limits import ReplyBudget, ReplyLimits
from sms_consent.sync.reply_sender import ReplySender
from sms_consent.sync.sweep import Sweep
from sms_consent.sync.sync import Sync

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["Parts", "assemble", "postbacks_for", "replies_for", "rules_for"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handlers and the command call."""

    settings: Settings
    replies: Replies
    clock: Clock
    ledger: ConsentLedger
    senders: SenderCache
    lists: RememberedLists
    sync: Sync
    recorder: Recorder
    correspondence: HelpAndClarification

    def inbound(self) -> InboundProcessor:
        """For texts."""
        settings = self.settings
        return InboundProcessor(
            classifier=Classifier(
                rules_for(settings), self.replies, self.sync.postman.replies_of, postbacks_for(settings)
            ),
            recorder=self.recorder,
            correspondence=self.correspondence,
            senders=self.senders,
            clock=self.clock,
            own_list=settings.opt_out_list,
            actions=_actions(settings.tier_actions),
        )

    def sweep(self) -> Sweep:
        """For what is due."""
        return Sweep(
            ledger=self.ledger,
            sync=self.sync,
            correspondence=self.correspondence,
            clock=self.clock,
            new_token=_token,
        )


def assemble(
    settings: Settings,
    *,
    paced: bool,
    clock: Clock | None = None,
    observe: Callable[[OperationalEvent], None] | None = None,
    warn: Callable[[Unfit], None] | None = None,
    free_replies: int = 0,
    dynamodb: DynamoDBClient | None = None,
    sms_voice: PinpointSMSVoiceV2Client | None = None,
    looks_further: bool = True,
) -> Parts:
    """``paced`` spaces calls by the API's rates, for a worker that does many; others call at once and heed refusals.

    ``observe`` is called with each operational event. ``warn`` is called for each reply that is not sent as it is configured.
    ``looks_further`` is explained at ``DynamoLedger``.
    ``free_replies`` are those that cost no reservation of the day's budget (``ReplyBudget``).

    The clients are those of the functions, unless others are given; one for the list must not repeat a call by itself.
    """
    clock = clock or SystemClock()
    dynamodb, sms_voice = dynamodb or clients.dynamodb(), sms_voice or clients.sms_voice()
    rates = {
        Call.PUT: settings.put_rate,
        Call.DELETE: settings.delete_rate,
        Call.FIND: settings.describe_rate,
        Call.SEND: settings.text_rate,
    }
    pace = RateLimiter(clock, rates) if paced else RateLimiter(clock, at_once=rates)
    names, by_arn = settings.names, settings.listed_by_arn
    table = DynamoLedger(dynamodb, settings.table, names, by_arn, looks_further=looks_further)
    ledger = observed(table, clock, observe) if observe is not None else table
    senders = SenderCache(table, clock)
    replies = replies_for(settings)
    limits = ReplyLimits(clock, _budget(settings, table, clock, free_replies, observe))
    postman = ReplySender(AwsTexting(sms_voice, settings.reply_configuration_set), replies, senders, pace, limits, warn)
    sync = Sync(
        ledger=ledger,
        opt_out_list=AwsOptOutList(sms_voice, pace),
        postman=postman,
        pace=pace,
        clock=clock,
        new_token=_token,
        lease=settings.lease,
        has_time=lambda: clients.deadline.allows(clients.SYNCING),
        gives_up=paced,
    )
    lists = RememberedLists(dynamodb, settings.table, clock, names=settings.names, own_list=settings.opt_out_list)
    scope = Scope(
        opt_out=settings.opt_out_scope,
        opt_in=settings.opt_in_scope,
        own_list=settings.opt_out_list,
        lists=lists,
    )
    return Parts(
        settings=settings,
        replies=replies,
        clock=clock,
        ledger=ledger,
        senders=senders,
        lists=lists,
        sync=sync,
        recorder=Recorder(ledger=ledger, sync=sync, clock=clock, grace=settings.grace, scope=scope),
        correspondence=HelpAndClarification(ledger=ledger, postman=postman, pace=pace, clock=clock, new_token=_token),
    )


def rules_for(settings: Settings) -> RuleSet:
    """Return the rules with a deployment's own keywords."""
    return RuleSet(
        opt_out=settings.extra_opt_out,
        opt_in=settings.extra_opt_in,
        help=settings.extra_help,
        ordinary=settings.ordinary,
    )


def postbacks_for(settings: Settings) -> dict[str, Intent]:
    """The intents of suggestions' postback data."""
    return {postback: Intent(intent) for postback, intent in settings.suggestion_postbacks.items()}


def replies_for(settings: Settings) -> Replies:
    """The replies in a deployment's name. Raises nothing: what does not fit is composed without the brand."""
    return Replies(
        brand=settings.brand,
        support_contact=settings.support_contact,
        default_language=settings.language,
        checked=False,
    )


def _budget(
    settings: Settings,
    ledger: DynamoLedger,
    clock: Clock,
    free: int,
    observe: Callable[[OperationalEvent], None] | None,
) -> ReplyBudget | None:
    """None where the deployment has no budget."""
    if not settings.replies_per_day:
        return None

    def failed() -> None:
        if observe is not None:
            observe(OperationalEvent(kind=OperationalEventKind.BUDGET_FAILED))

    return ReplyBudget(ledger.reserve_replies, clock, per_day=settings.replies_per_day, free=free, failed=failed)


def _token() -> str:
    return uuid4().hex


def _actions(chosen: Mapping[str, str]) -> dict[Tier, Action]:
    """``chosen`` holds known tiers and actions only (``Settings.from_environment``)."""
    defaults = dict.fromkeys(Tier, Action.OPT_OUT) | {Tier.UNCLEAR: Action.ASK}
    return defaults | {Tier(tier): Action(action) for tier, action in chosen.items()}
