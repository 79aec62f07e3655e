"""The ports with a gate before each call: there the scheduler says who runs, how the call ends, and who dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

from simulation.witness import Witness
from support.intercepted import Intercepted

from sms_consent.domain.evidence import dropped_from_outbox
from sms_consent.domain.ports import Call

__all__ = ["Gate", "Gated", "Where"]

PAGE = 100

T = TypeVar("T")

_NAMES = {"consent": "read", "thread": "read thread", "recorded_between": "recorded"}
_CALLS = {"put": Call.PUT, "delete": Call.DELETE, "find": Call.FIND, "send": Call.SEND, "page": Call.FIND}
_PAGED = {"due_consents", "due_threads", "due_rejected"}
_TURNS = {"take_turn": "take the turn", "end_turn": "end the turn"}


@dataclass(frozen=True, slots=True)
class Where:
    """What a call is about."""

    name: str
    number: str | None = None
    list_name: str | None = None
    call: Call | None = None  # of the list or texting; None for the ledger's own


class Gate(Protocol):
    """Makes a call take effect, or not, and answer, or not."""

    @property
    def worker(self) -> str:
        """Who calls."""

    def __call__(self, where: Where, effect: Callable[[], T]) -> T:
        """The call's answer."""


class Gated(Intercepted):
    """A port behind the gate. The witness sees what takes effect."""

    def __init__(self, inner: Any, gate: Gate, witness: Witness | None = None) -> None:
        super().__init__(inner, self._passed)
        self._gate = gate
        self.witness = witness

    def _passed(self, name: str, arguments: tuple[Any, ...], effect: Callable[[], Any]) -> Any:
        if name in _PAGED:
            return self._pages(f"due {arguments[0]}" if name == "due_consents" else name.replace("_", " "), effect())
        where = _where(name, arguments)
        return self._gate(where, partial(self._witnessed, name, where, arguments, effect, self._gate.worker))

    def send(self, *, to: str, reference: str, **more: Any) -> str:
        """Send a text."""

        def effect() -> str:
            message_id: str = self.inner.send(to=to, reference=reference, **more)
            if self.witness is not None:
                self.witness.text_sent(reference)
            return message_id

        return self._gate(Where("send", to, None, Call.SEND), effect)

    def _witnessed(
        self, name: str, where: Where, arguments: tuple[Any, ...], effect: Callable[[], Any], worker: str
    ) -> Any:
        witness, key = self.witness, (where.number or "", where.list_name or "")
        if witness is None:
            return effect()
        if name == "delete":
            witness.reaching_the_service(Call.DELETE, key)
        result = effect()
        if name == "put" or (name == "delete" and result is not None):
            witness.took_effect(_CALLS[name], key)
        if name in ("save", "save_and_append"):
            if (decision := dropped_from_outbox(arguments[1], arguments[0])) is not None:
                witness.appended(decision)
            witness.saved(arguments[0], worker)
        if name in ("append", "save_and_append"):
            witness.appended(arguments[0 if name == "append" else 2])
        return result

    def _pages(self, name: str, found: Iterator[T]) -> Iterator[T]:
        while True:
            page = self._gate(Where(name), lambda: list(islice(found, PAGE)))
            yield from page
            if len(page) < PAGE:
                return


def _where(name: str, arguments: tuple[Any, ...]) -> Where:
    """Return what a call is about: a record among its arguments, or the number and list that it names."""
    call = _CALLS.get(name)
    if name in _TURNS:
        return Where(f"{_TURNS[name]} of {arguments[0]}")
    if name == "page":
        return Where(name, None, arguments[0], call)
    if name in ("consent", "put", "delete", "find"):
        return Where(_NAMES.get(name, name), arguments[0], arguments[1], call)
    if name in ("thread", "recorded_between"):
        return Where(_NAMES[name], arguments[1 if name == "thread" else 0])
    record = next((each for each in arguments if hasattr(each, "number")), None)
    return Where(name.replace("_", " "), getattr(record, "number", None), getattr(record, "list_name", None), call)
