"""How many people's texts are worked on at once: what takes time in each is waiting for AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Runner", "ThreadedRunner", "run_in_sequence"]

Runner = Callable[[Sequence[Callable[[], None]]], None]
"""Does all of some pieces of work, none of which needs another, and returns when they are done."""


def run_in_sequence(works: Sequence[Callable[[], None]]) -> None:
    """In their order."""
    for work in works:
        work()


class ThreadedRunner:
    """In threads, which are kept for the next batch. A single piece is done where it is, and costs no thread."""

    def __init__(self, most: int) -> None:
        """``most`` threads at once."""
        self._most = most
        self._threads: ThreadPoolExecutor | None = None

    def __call__(self, works: Sequence[Callable[[], None]]) -> None:
        """Raises what a piece of work raised, once all are done."""
        if len(works) < 2:
            run_in_sequence(works)
            return
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor  # a cold start's first text, mostly alone, needs none

            self._threads = ThreadPoolExecutor(self._most, thread_name_prefix="texts")
        begun = [self._threads.submit(work) for work in works]
        errors = [error for each in begun if (error := each.exception()) is not None]
        if errors:
            raise errors[0]
