"""Figures that a busy machine does not bend: variants take turns, and what counts is the ratio within each turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median

__all__ = ["Compared", "take_turns"]

Variants = Mapping[str, Callable[[], Mapping[str, float]]]


class Compared:
    """What variants took, turn by turn."""

    def __init__(self, turns: list[dict[str, Mapping[str, float]]]) -> None:
        self._turns = turns
        self.names = list(turns[0])

    def of(self, variant: str, measure: str) -> float:
        """The median."""
        return median(turn[variant][measure] for turn in self._turns)

    def ratio(self, variant: str, baseline: str, measure: str) -> float:
        """The median of the ratios within each turn: what slows a turn down slows both."""
        return median(turn[variant][measure] / turn[baseline][measure] for turn in self._turns)

    def spread(self, variant: str, baseline: str, measure: str) -> tuple[float, float]:
        """The least and the greatest of these ratios."""
        ratios = [turn[variant][measure] / turn[baseline][measure] for turn in self._turns]
        return min(ratios), max(ratios)


def take_turns(variants: Variants, turns: int) -> Compared:
    """Every variant once a turn, each turn beginning with another one, after one turn that does not count."""
    names = list(variants)
    for name in names:
        variants[name]()
    taken = []
    for turn in range(turns):
        order = names[turn % len(names) :] + names[: turn % len(names)]
        taken.append({name: variants[name]() for name in order})
    return Compared(taken)
