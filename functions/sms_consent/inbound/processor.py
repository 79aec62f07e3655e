"""What is done about an inbound text: a change of consent, an answer, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.phone_number import canonical
from sms_consent.domain.ports import Clock, Sender
from sms_consent.domain.reply import RecentReply, Reply, ReplyKind
from sms_consent.inbound.message import InboundMessage
from sms_consent.intent import Classification, Intent, RuleSet, Tier
from sms_consent.intent.classifier import Classifier
from sms_consent.intent.rcs_content import RcsContent
from sms_consent.recording.recorder import Recorder
from sms_consent.sync.help_and_clarification import HelpAndClarification

__all__ = ["Action", "ClassifiedMessage", "FailingProcessor", "InboundProcessor", "InboundResult", "actions_for"]


class Action(StrEnum):
    """What a deployment does about an opt-out that was understood at some tier."""

    OPT_OUT = "OPT_OUT"
    ASK = "ASK"
    LEAVE = "LEAVE"  # unclear texts only: recorded and published as an event; no reply is sent


@dataclass(frozen=True, slots=True)
class ClassifiedMessage:
    """A text and its intent, before anything was looked up."""

    text: InboundMessage
    reading: Classification
    changes_consent: bool
    """Whether it is handled as an opt-out or an opt-in, by the deployment's actions."""
    content: RcsContent | None = None
    """What the text is, if it went to an RCS agent and is not plain text."""

    @property
    def is_event(self) -> bool:
        """Return whether it holds no text and asks for nothing: typing, a location, a file."""
        return self.content is not None and not self.content.texts and self.reading.intent is Intent.NONE


@dataclass(frozen=True, slots=True)
class InboundResult:
    """What became of one text."""

    reading: Classification
    outcome: Outcome | None = None
    consent: Consent | None = None
    answer: Reply | None = None
    overruled_by: Author | None = None  # whose newer opt-in stands against a STOP, if not the same person's text


class InboundProcessor:
    """Understands a text and does what it asks for."""

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
        """The rules, with the deployment's own words."""
        return self._classifier.rules

    def hear(self, text: InboundMessage) -> InboundResult:
        """Classify and apply one text. Raises TryAgain, Rejected or Unreadable."""
        return self.apply(self.classify(text))

    def classify(self, text: InboundMessage) -> ClassifiedMessage:
        """Return the text with its intent, without any call."""
        content = text.content()
        reading = self._classifier.classify(text.body, content)
        changes = reading.intent is not Intent.NONE and self._asked(reading) in (Asked.OPT_OUT, Asked.OPT_IN)
        return ClassifiedMessage(text, reading, changes, content)

    def apply(self, message: ClassifiedMessage) -> InboundResult:
        """Do what a text asks for. Raises TryAgain, Rejected or Unreadable.

        Safe to repeat: the same text has the same id and the same time.

        A sender that is no number, such as a short code, is a machine: left alone, unless it asks for something that
        it cannot get, which a person should see.
        """
        text = message.text
        reading = self._for_this_person(message)
        if reading.intent is Intent.NONE:
            return InboundResult(reading)
        number = canonical(text.sender)
        if number is None and reading.everyday:
            return InboundResult(_ordinary(reading))
        if number is None:
            raise Unreadable("a request from a sender that is no phone number: a short code or an alphanumeric sender")
        asked = self._asked(reading)
        decision = _decision(text, number, reading, asked)
        if asked is Asked.HELP:
            answer = self._help_and_clarification.answer(decision, ReplyKind.HELP, reply_from=text.destination)
            return InboundResult(reading, Outcome.ANSWERED, answer=answer)
        if asked is Asked.UNCLEAR:
            return self._unclear(reading, decision, text)
        record = self._recorder.record_if_opted_out if reading.everyday else self._recorder.record
        recorded = record(decision, self._list_of(text), reply_from=text.destination)
        if recorded is None:
            return InboundResult(_ordinary(reading))
        answer = recorded.consent.answer
        answered = answer if answer is not None and answer.decision_id == decision.id else None
        return InboundResult(reading, recorded.outcome, recorded.consent, answered, recorded.overruled_by)

    def _for_this_person(self, message: ClassifiedMessage) -> Classification:
        """Classify again with the replies of the sender that was texted; a copy of one that the person was sent asks nothing.

        Whole-message keywords and the many texts that ask for nothing need no look-up.
        """
        text = message.text

        def recent() -> Iterator[RecentReply]:
            number = canonical(text.sender)
            if number is not None:
                yield from self._help_and_clarification.recent_replies(number, self._list_of(text))

        now = self._clock.now()
        return self._classifier.classify_for(text.body, message.reading, text.destination, recent, now, message.content)

    def _list_of(self, text: InboundMessage) -> str:
        sender = self._senders(text.destination)
        return sender.list_name if sender is not None else self._own_list

    def _asked(self, reading: Classification) -> Asked:
        """A whole-message keyword always opts out; any other opt-out does, unless its tier is to be asked about.

        Whatever the settings are, LEAVE is for unclear texts only.
        """
        action = self._actions.get(reading.tier) if reading.tier is not None else None
        if reading.intent is Intent.OPT_OUT:
            asks = action is Action.ASK and reading.tier is not Tier.KEYWORD
            return Asked.UNCLEAR if asks else Asked.OPT_OUT
        if reading.intent is Intent.UNCLEAR and action is Action.OPT_OUT:
            return Asked.OPT_OUT
        return Asked(reading.intent.value)

    def _unclear(self, reading: Classification, decision: Decision, text: InboundMessage) -> InboundResult:
        if reading.intent is Intent.UNCLEAR and self._actions.get(Tier.UNCLEAR) is Action.LEAVE:
            self._help_and_clarification.note(decision)
            return InboundResult(reading, Outcome.ANSWERED)
        answer = self._help_and_clarification.answer(decision, ReplyKind.ASK, reply_from=text.destination)
        return InboundResult(reading, Outcome.ANSWERED, answer=answer)


class FailingProcessor:
    """Takes the place of the processor while the settings cannot be used: every text fails with the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def classify(self, _: InboundMessage) -> ClassifiedMessage:
        """Raise the error."""
        raise self._error

    def apply(self, _: ClassifiedMessage) -> InboundResult:
        """Raise the error."""
        raise self._error


def actions_for(chosen: Mapping[str, str]) -> dict[Tier, Action]:
    """Return the action of every tier. ``chosen`` holds known tiers and actions only (``Settings.from_environment``)."""
    defaults = dict.fromkeys(Tier, Action.OPT_OUT) | {Tier.UNCLEAR: Action.ASK}
    return defaults | {Tier(tier): Action(action) for tier, action in chosen.items()}


def _ordinary(reading: Classification) -> Classification:
    """A text that asks for nothing, by the same rule: YES from a person who is not opted out."""
    return replace(reading, intent=Intent.NONE, tier=None, matched="", language=None)


def _decision(text: InboundMessage, number: str, reading: Classification, asked: Asked) -> Decision:
    return Decision(
        id=text.id,
        number=number,
        asked=asked,
        at=text.at,
        author=Author.END_USER,
        through=text.destination,
        tier=reading.tier.value if reading.tier is not None else None,
        rule=reading.rule,
        matched=reading.matched,
        language=reading.language,
        rules_version=reading.rules_version,
        body=text.body,
    )
