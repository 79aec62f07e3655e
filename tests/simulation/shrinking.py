"""Makes a failing history smaller while it breaks the same property, so that a person can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from simulation.history import Deliver, History, Proceed, Terms, Wait

__all__ = ["shrunk"]


def shrunk(history: History, fails: Callable[[History], bool]) -> History:
    """One part less, or one part plainer, as long as it still fails."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _plainer(history):
            if fails(candidate):
                history, smaller = candidate, True
                break
    return history


def _plainer(history: History) -> Iterator[History]:
    steps = history.steps
    for size in (16, 8, 4, 2, 1):
        for at in range(0, len(steps) - size + 1, max(size // 2, 1)):
            yield replace(history, steps=steps[:at] + steps[at + size :])
    for name in ("requests", "before"):
        parts = getattr(history, name)
        for at in range(len(parts)):
            yield replace(history, **{name: parts[:at] + parts[at + 1 :]})
    if len(history.texts) > 1:
        for at in range(len(history.texts)):
            yield replace(history, texts=history.texts[:at] + history.texts[at + 1 :])
    if history.terms != Terms():
        yield replace(history, terms=Terms())
        for name in ("quotas", "one_text_a_second", "conflict", "all_lists", "prompt"):
            if getattr(history.terms, name):
                yield replace(history, terms=replace(history.terms, **{name: False}))
    for at, text in enumerate(history.texts):
        for plainer in ({"copies": 1}, {"person": 0}, {"line": 0}, {"at": 0.0}, {"at": 1.0}):
            changed = replace(text, **plainer)  # type: ignore[arg-type]  # each is a field with a value of its type
            if changed != text and not (text.at == 0.0 and "at" in plainer):
                yield replace(history, texts=(*history.texts[:at], changed, *history.texts[at + 1 :]))
    for at, step in enumerate(steps):
        match step:
            case Proceed(worker, calls, ending):
                fewer = [Proceed(worker, calls - 1, ending)] if calls else []
                fewer += [Proceed(0, calls, ending)] if worker else []
            case Deliver(picks):
                fewer = [Deliver(picks[:-1])] if len(picks) > 1 else []  # type: ignore[list-item]  # one list for all kinds
            case Wait(seconds) if seconds > 1:
                fewer = [Wait(1.0)]  # type: ignore[list-item]
            case _:
                fewer = []
        for each in fewer:
            yield replace(history, steps=(*steps[:at], each, *steps[at + 1 :]))
