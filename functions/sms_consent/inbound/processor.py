"""Processing of one inbound text: change the consent, reply, or do nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import LONGEST_MATCHED, Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.ports import Clock, Sender
from sms_consent.domain.reply import RecentReply, Reply, ReplyKind
from sms_consent.inbound.message import InboundMessage
from sms_consent.intent import Classification, Intent, RuleSet, Tier
from sms_consent.intent.classifier import Classifier
from sms_consent.recording.recorder import Recorder
from sms_consent.sync.help_and_clarification import HelpAndClarification

__all__ = [
    "Action",
    "ClassifiedMessage",
    "FailingProcessor",
    "InboundProcessor",
    "InboundResult",
    "actions_for",
    "asked_by",
]


class Action(StrEnum):
    """What a deployment does with opt-outs of one tier."""

    OPT_OUT = "OPT_OUT"
    ASK = "ASK"
    LEAVE = "LEAVE"  # unclear texts only: recorded and published as an event; no reply is sent


@dataclass(frozen=True, slots=True)
class ClassifiedMessage:
    """A text and its intent, before any AWS call."""

    text: InboundMessage
    classification: Classification
    changes_consent: bool
    """Whether it is processed as an opt-out or opt-in, by the deployment's actions."""


@dataclass(frozen=True, slots=True)
class InboundResult:
    """How one text was processed."""

    classification: Classification
    outcome: Outcome | None = None
    consent: Consent | None = None
    answer: Reply | None = None
    overruled_by: Author | None = None  # whose newer opt-in a STOP did not change; None for the person's own text


class InboundProcessor:
    """Classifies texts and applies them."""

    def __init__(
        self,
        *,
        classifier: Classifier,
        recorder: Recorder,
        help_and_clarification: HelpAndClarification,
        senders: Callable[[str], Sender | None],
        clock: Clock,
        own_list: str,
        actions: Mapping[Tier, Action],
    ) -> None:
        self._classifier = classifier
        self._recorder = recorder
        self._help_and_clarification = help_and_clarification
        self._senders = senders
        self._clock = clock
        self._own_list = own_list
        self._actions = actions

    @property
    def rules(self) -> RuleSet:
        """The rules, including the deployment's keywords."""
        return self._classifier.rules

    def process(self, text: InboundMessage) -> InboundResult:
        """Classify and apply one text. Raises TryAgain, Rejected or Unreadable."""
        return self.apply(self.classify(text))

    def classify(self, text: InboundMessage) -> ClassifiedMessage:
        """Return the text with its intent. Makes no AWS call."""
        classification = self._classifier.classify(text.body, text.content)
        changes = classification.intent is not Intent.NONE and self._asked(classification) in (
            Asked.OPT_OUT,
            Asked.OPT_IN,
        )
        return ClassifiedMessage(text, classification, changes)

    def apply(self, message: ClassifiedMessage) -> InboundResult:
        """Record what a text asks for, and reply. Safe to repeat: the same text has the same id and time.

        A sender that is no phone number, such as a short code, is a machine and gets no reply. Its requests raise Unreadable,
        so that they are moved to the dead-letter queue for an operator.

        Raises:
            TryAgain, Rejected: the ledger or AWS failed.
            Unreadable: a request of a sender that is no phone number.
        """
        text = message.text
        classification = self._for_this_person(message)
        if classification.intent is Intent.NONE:
            return InboundResult(classification)
        if text.number is None and classification.everyday:
            return InboundResult(_ordinary(classification))
        if text.number is None:
            raise Unreadable("a request from a sender that is no phone number: a short code or an alphanumeric sender")
        asked = self._asked(classification)
        decision = _decision(text, text.number.e164, classification, asked)
        if asked is Asked.HELP:
            answer = self._help_and_clarification.answer(decision, ReplyKind.HELP, reply_from=text.destination)
            return InboundResult(classification, Outcome.ANSWERED, answer=answer)
        if asked is Asked.UNCLEAR:
            return self._unclear(classification, decision, text)
        record = self._recorder.record_if_opted_out if classification.everyday else self._recorder.record
        list_name = self._list_of(text)
        recorded = record(decision, list_name, reply_from=text.destination, now=self._clock.now())
        if recorded is None:
            return InboundResult(_ordinary(classification))
        answer = recorded.consent.answer
        answered = answer if answer is not None and answer.decision_id == decision.id else None
        return InboundResult(classification, recorded.outcome, recorded.consent, answered, recorded.overruled_by)

    def _for_this_person(self, message: ClassifiedMessage) -> Classification:
        """Classify again, given the replies that were sent to the person: a copy of one of them asks for nothing.

        Whole-message keywords, and texts without intent, are returned unchanged.
        """
        text, classification = message.text, message.classification
        if classification.intent is Intent.NONE or classification.tier is Tier.KEYWORD:
            return classification

        def recent() -> Iterator[RecentReply]:
            if text.number is not None:
                yield from self._help_and_clarification.recent_replies(text.number.e164, self._list_of(text))

        return self._classifier.classify_for(text.body, text.content, text.destination, recent, self._clock.now())

    def _list_of(self, text: InboundMessage) -> str:
        sender = self._senders(text.destination)
        return sender.list_name if sender is not None else self._own_list

    def _asked(self, classification: Classification) -> Asked:
        return asked_by(classification, self._actions)

    def _unclear(self, classification: Classification, decision: Decision, text: InboundMessage) -> InboundResult:
        if classification.intent is Intent.UNCLEAR and self._actions.get(Tier.UNCLEAR) is Action.LEAVE:
            self._help_and_clarification.note(decision)
            return InboundResult(classification, Outcome.ANSWERED)
        answer = self._help_and_clarification.answer(decision, ReplyKind.ASK, reply_from=text.destination)
        return InboundResult(classification, Outcome.ANSWERED, answer=answer)


class FailingProcessor:
    """Replaces the processor while the settings are invalid: every text fails with the settings' error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def classify(self, _: InboundMessage) -> ClassifiedMessage:
        """Raise the error."""
        raise self._error

    def apply(self, _: ClassifiedMessage) -> InboundResult:
        """Raise the error."""
        raise self._error


def asked_by(classification: Classification, actions: Mapping[Tier, Action]) -> Asked:
    """Return what to record for a text with an intent.

    A whole-message keyword always opts out; other tiers follow the deployment's actions. ``Action.LEAVE`` applies to unclear
    texts only.
    """
    action = actions.get(classification.tier) if classification.tier is not None else None
    if classification.intent is Intent.OPT_OUT:
        asks = action is Action.ASK and classification.tier is not Tier.KEYWORD
        return Asked.UNCLEAR if asks else Asked.OPT_OUT
    if classification.intent is Intent.UNCLEAR and action is Action.OPT_OUT:
        return Asked.OPT_OUT
    return Asked(classification.intent.value)


def actions_for(chosen: Mapping[str, str]) -> dict[Tier, Action]:
    """Return the action of every tier.

    Args:
        chosen: The deployment's actions by tier, already validated by ``Settings.from_environment``.
    """
    defaults = dict.fromkeys(Tier, Action.OPT_OUT) | {Tier.UNCLEAR: Action.ASK}
    return defaults | {Tier(tier): Action(action) for tier, action in chosen.items()}


def _ordinary(classification: Classification) -> Classification:
    """Return the classification with intent NONE and the same rule: YES opts in only a person who is opted out."""
    return replace(classification, intent=Intent.NONE, tier=None, matched="", language=None)


def _decision(text: InboundMessage, number: str, classification: Classification, asked: Asked) -> Decision:
    return Decision(
        id=text.id,
        number=number,
        asked=asked,
        at=text.at,
        author=Author.END_USER,
        through=text.destination,
        tier=classification.tier.value if classification.tier is not None else None,
        rule=classification.rule,
        matched=classification.matched[:LONGEST_MATCHED],
        language=classification.language,
        rules_version=classification.rules_version,
        body=text.body,
    )
