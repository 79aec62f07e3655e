"""Which worker runs: one at a time, each in a thread of its own that stops before every call to the world.

Nothing here waits for real time, and no two threads ever run at once: the same history always runs the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock, Thread

from simulation.history import Ending
from support.intercepted import Killed

__all__ = ["Invocation"]


class Invocation:
    """One run of a function. It belongs to the scheduler except between ``go_on`` and its next stop."""

    def __init__(self, name: str, deadline: datetime, people: frozenset[str]) -> None:
        self.name = name
        self.deadline = deadline
        self.people = people  # whose consents it may be working on
        self.finished = False
        self.died = False
        self.wakes_at: datetime | None = None
        self._undisturbed = 0
        self._ending: Ending | None = None
        self._killed = False
        self._error: BaseException | None = None
        self._turn = Lock()
        self._stopped = Lock()
        self._turn.acquire()
        self._stopped.acquire()
        self._thread: Thread | None = None

    def start(self, work: Callable[[], None]) -> None:
        """The thread waits for its first turn before it does anything."""
        self._thread = Thread(target=self._run, args=(work,), name=self.name, daemon=True)
        self._thread.start()

    def run_at_once(self, work: Callable[[], None]) -> None:
        """In the caller's thread, undisturbed."""
        self._undisturbed = 1_000_000
        self._work(work)

    def go_on(self, calls: int, ending: Ending | None) -> None:
        """Let it make so many calls, and one more that ends as said, and stop before the next."""
        self._undisturbed, self._ending = calls, ending
        self._hand_over()

    def kill(self) -> None:
        """End it where it stands."""
        if not self.finished:
            self._killed = True
            self._hand_over()

    def next_ending(self) -> Ending:
        """Called by the worker before each call: how that will end. Stops until the scheduler has said so."""
        while True:
            if self._killed:
                raise Killed
            if self._undisturbed > 0:
                self._undisturbed -= 1
                return Ending.WELL
            if self._ending is not None:
                ending, self._ending = self._ending, None
                return ending
            self._stopped.release()
            self._turn.acquire()

    def _hand_over(self) -> None:
        self._turn.release()
        self._stopped.acquire()
        if self.finished and self._thread is not None:
            self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self, work: Callable[[], None]) -> None:
        self._turn.acquire()
        try:
            self._work(work)
        except BaseException as error:  # noqa: BLE001  raised where the scheduler waits
            self._error = error
        self._stopped.release()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            if self._killed:
                raise Killed
            work()
        except Killed:
            self.died = True
        finally:
            self.finished = True
