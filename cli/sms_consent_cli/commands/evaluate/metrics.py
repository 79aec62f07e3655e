"""Counts of classified texts: recall, false positives, and their confidence intervals."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from sms_consent_cli.commands.evaluate.corpus import Label, LabelledText

CONVERSATION = frozenset({"chat", "chat-long", "sms-spam-ham"})
CONSENT_CHANGES = frozenset({Label.OPT_OUT, Label.OPT_IN})
Z_95 = 1.959964  # the normal quantile of a two-sided 95 % interval


class ReadText(Protocol):
    """The result of a classifier; `intent` is the name of a label."""

    @property
    def intent(self) -> str: ...
    @property
    def tier(self) -> str | None: ...
    @property
    def rule(self) -> str | None: ...


class TextClassifier(Protocol):
    """A classifier under test."""

    def classify(self, text: str, /) -> ReadText: ...


@dataclass(frozen=True, slots=True)
class Share:
    """A count out of a total."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share; zero if the total is zero."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval by Wilson's score, which holds for small counts and shares near 0 and 1.

        Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
        """
        if not self.of:
            return 0.0, 1.0
        square = Z_95**2 / self.of
        middle = (self.value + square / 2) / (1 + square)
        half = Z_95 / (1 + square) * math.sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of))
        low = middle - half if self.count else 0.0
        high = middle + half if self.count < self.of else 1.0
        return low, high


@dataclass(frozen=True, slots=True)
class ClassifiedText:
    """A labelled text and its classification."""

    example: LabelledText
    intent: Label
    tier: str
    rule: str

    @property
    def is_opt_out(self) -> bool:
        """Whether the person asked to be opted out."""
        return self.example.label is Label.OPT_OUT

    @property
    def is_conversation(self) -> bool:
        """Whether it is plain conversation, which is counted separately from innocent texts that are hard to classify."""
        return self.example.label is Label.NONE and self.example.kind in CONVERSATION

    @property
    def is_innocent(self) -> bool:
        """Whether it asks for nothing, and is not plain conversation."""
        return self.example.label is Label.NONE and self.example.kind not in CONVERSATION

    @property
    def touched(self) -> bool:
        """Whether a consent would change."""
        return self.intent in CONSENT_CHANGES

    @property
    def is_error(self) -> bool:
        """Whether the intent differs from the label."""
        return self.intent is not self.example.label


def outcomes(classifier: TextClassifier, examples: Iterable[LabelledText]) -> list[ClassifiedText]:
    """Classify every text."""
    return [
        ClassifiedText(example, Label(reading.intent), str(reading.tier or "-"), str(reading.rule or "-"))
        for example in examples
        for reading in [classifier.classify(example.text)]
    ]


def share(
    read: Iterable[ClassifiedText], among: Callable[[ClassifiedText], bool], counted: Callable[[ClassifiedText], bool]
) -> Share:
    """Return how many of the outcomes that satisfy ``among`` also satisfy ``counted``."""
    chosen = [outcome for outcome in read if among(outcome)]
    return Share(sum(map(counted, chosen)), len(chosen))


def _asked(outcome: ClassifiedText) -> bool:
    return outcome.intent is Label.UNCLEAR


def _read_as_opt_out(outcome: ClassifiedText) -> bool:
    return outcome.intent is Label.OPT_OUT


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one classifier. A text answered with a question counts as neither found nor touched."""

    found: Share
    asked: Share
    touched: Share
    innocent_asked: Share
    conversation_touched: Share
    conversation_asked: Share
    unclear_touched: Share

    @classmethod
    def of(cls, read: list[ClassifiedText]) -> "Figures":
        """Count the outcomes."""
        return cls(
            found=share(read, lambda one: one.is_opt_out, _read_as_opt_out),
            asked=share(read, lambda one: one.is_opt_out, _asked),
            touched=share(read, lambda one: one.is_innocent, lambda one: one.touched),
            innocent_asked=share(read, lambda one: one.is_innocent, _asked),
            conversation_touched=share(read, lambda one: one.is_conversation, lambda one: one.touched),
            conversation_asked=share(read, lambda one: one.is_conversation, _asked),
            unclear_touched=share(read, lambda one: one.example.label is Label.UNCLEAR, lambda one: one.touched),
        )


def by(read: Iterable[ClassifiedText], key: Callable[[ClassifiedText], str]) -> dict[str, list[ClassifiedText]]:
    """Group the outcomes, the largest group first."""
    groups: dict[str, list[ClassifiedText]] = {}
    for outcome in read:
        groups.setdefault(key(outcome), []).append(outcome)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def tiers(read: list[ClassifiedText]) -> dict[str, Share]:
    """Return the precision of each tier: how many of the texts that it classifies as opt-outs are opt-outs."""
    opted_out = [one for one in read if one.intent is Label.OPT_OUT]
    return {
        tier: Share(sum(one.is_opt_out for one in group), len(group))
        for tier, group in by(opted_out, lambda one: one.tier).items()
    }


def confusion(read: Iterable[ClassifiedText]) -> dict[Label, Counter[Label]]:
    """Return, for each label, how often each intent was found."""
    table: dict[Label, Counter[Label]] = {label: Counter() for label in Label}
    for outcome in read:
        table[outcome.example.label][outcome.intent] += 1
    return table
