"""What one execution environment of a function is made of, with other ports than AWS's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sms_consent.adapters.clock import QuotaRateLimiter, SenderCache
from sms_consent.domain.ports import Call, Clock, ConsentLedger, OptOutList, RateLimiter, Texting
from sms_consent.domain.propagation import Scope
from sms_consent.inbound.processor import Action, InboundProcessor
from sms_consent.intent import Classification, Intent, RuleSet, Tier
from sms_consent.intent.classifier import Classifier
from sms_consent.recording.recorder import Recorder
from sms_consent.replies import Replies
from sms_consent.sync.help_and_clarification import HelpAndClarification
from sms_consent.sync.reply_sender import ReplyLimits, ReplySender
from sms_consent.sync.sweep import Sweep
from sms_consent.sync.sync import Sync
from support.memory_service import DEFAULT_QUOTAS

__all__ = ["GRACE", "LEASE", "Environment", "environment"]

LEASE = timedelta(seconds=90)
GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Environment:
    """It lives on between invocations, and so does what it remembers of the service's refusals."""

    inbound: InboundProcessor
    recorder: Recorder
    sweep: Sweep
    sync: Sync
    help_and_clarification: HelpAndClarification
    rate_limiter: RateLimiter


def environment(
    *,
    ledger: ConsentLedger,
    opt_out_list: OptOutList,
    texting: Texting,
    clock: Clock,
    new_token: Callable[[], str],
    own_list: str,
    paced: bool,
    lease: timedelta = LEASE,
    grace: timedelta = GRACE,
    scope: Scope | None = None,
    at_once: Mapping[Call, float] = DEFAULT_QUOTAS,
    limits: ReplyLimits | None = None,
) -> Environment:
    """Build them as ``sms_consent.bootstrap.container`` does."""
    rate_limiter = QuotaRateLimiter(clock, DEFAULT_QUOTAS) if paced else QuotaRateLimiter(clock, at_once=at_once)
    senders = SenderCache(ledger, clock)
    reply_sender = ReplySender(texting, _replies(), senders, rate_limiter, limits or ReplyLimits())
    sync = Sync(
        ledger=ledger,
        opt_out_list=opt_out_list,
        reply_sender=reply_sender,
        rate_limiter=rate_limiter,
        clock=clock,
        new_token=new_token,
        lease=lease,
        gives_up=paced,
    )
    recorder = Recorder(ledger=ledger, sync=sync, clock=clock, grace=grace, scope=scope)
    help_and_clarification = HelpAndClarification(
        ledger=ledger, reply_sender=reply_sender, rate_limiter=rate_limiter, clock=clock, new_token=new_token
    )
    inbound = InboundProcessor(
        classifier=Classifier(_rules(), _replies(), reply_sender.replies_of),
        recorder=recorder,
        help_and_clarification=help_and_clarification,
        senders=senders,
        clock=clock,
        own_list=own_list,
        actions=dict.fromkeys(Tier, Action.OPT_OUT) | {Tier.UNCLEAR: Action.ASK},
    )
    sweep = Sweep(
        ledger=ledger, sync=sync, help_and_clarification=help_and_clarification, clock=clock, new_token=new_token
    )
    return Environment(inbound, recorder, sweep, sync, help_and_clarification, rate_limiter)


class _CheckedOnce(Replies):
    """Thousands of environments are made in one run of tests; a brand's texts are checked for the first."""

    @cache  # noqa: B019  the one object that there is lives as long as the process
    def for_brand(
        self, brand: str | None = None, support_contact: str | None = None, language: str | None = None
    ) -> Replies:
        return super().for_brand(brand, support_contact, language)


@cache
def _replies() -> Replies:
    return _CheckedOnce(brand="Example", support_contact="help.example.com")


class _FewWords(RuleSet):
    """What words mean is tested elsewhere; here, these six are enough, whatever the rules become."""

    def __init__(self) -> None:
        self._meanings = {
            "STOP": Classification(Intent.OPT_OUT, Tier.KEYWORD, "keyword:aws/STOP", "STOP", "en", "0"),
            "START": Classification(Intent.OPT_IN, Tier.KEYWORD, "keyword:ctia/START", "START", "en", "0"),
            "YES": Classification(Intent.OPT_IN, Tier.KEYWORD, "keyword:twilio/YES", "YES", None, "0", everyday=True),
            "HELP": Classification(Intent.HELP, Tier.KEYWORD, "keyword:aws/HELP", "HELP", "en", "0"),
            "WRONG NUMBER": Classification(Intent.UNCLEAR, Tier.UNCLEAR, "keyword:unclear", "wrong number", "en", "0"),
        }

    def classify(self, text: str, **_: Any) -> Classification:
        return self._meanings.get(text, Classification(Intent.NONE, None, "none", "", None, "0"))


@cache
def _rules() -> RuleSet:
    return _FewWords()
