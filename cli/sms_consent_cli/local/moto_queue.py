"""Patches of moto's SQS, which reads every message of a queue several times for each message that is sent, received or deleted.

Upstream candidates: all four.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from moto.core.utils import unix_time, unix_time_millis
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

__all__ = ["patch"]

_SEND = SQSBackend.send_message
_ATTRIBUTES: Any = vars(Queue)["attributes"]
_sending: ContextVar[bool] = ContextVar("sending", default=False)


def patch() -> None:
    """Patch moto. Further calls have no effect."""
    # The type checker forbids assignments to methods.
    setattr(SQSBackend, "is_message_valid_based_on_retention_period", _is_kept)  # noqa: B010
    setattr(SQSBackend, "send_message", _send_message)  # noqa: B010
    setattr(Queue, "attributes", property(_attributes))  # noqa: B010
    setattr(Queue, "messages", property(_messages))  # noqa: B010
    setattr(Queue, "delete_message", _delete_message)  # noqa: B010


def _is_kept(self: Any, queue_name: str, message: Any) -> bool:
    """Compute one attribute of the queue instead of all."""
    kept_until: float = self.get_queue(queue_name).message_retention_period + message.sent_timestamp / 1000
    return kept_until > unix_time()


def _send_message(self: Any, *arguments: Any, **keywords: Any) -> Any:
    token = _sending.set(True)
    try:
        return _SEND(self, *arguments, **keywords)
    finally:
        _sending.reset(token)


def _attributes(self: Any) -> dict[str, Any]:
    """Return no attributes while a message is sent to a standard queue: moto asks for one that only FIFO queues have."""
    attributes: dict[str, Any] = {} if _sending.get() and not self.fifo_queue else _ATTRIBUTES.__get__(self)
    return attributes


def _messages(self: Any) -> list[Message]:
    """Return the messages that can be received, by one reading of the clock."""
    now = unix_time_millis()
    return [each for each in self._messages if each.visible_at < now and each.delayed_until <= now]


def _delete_message(self: Any, receipt_handle: str) -> None:
    """Delete one message, and look at no others after it. An invalid handle raises ReceiptHandleIsInvalid."""
    if receipt_handle in self.deleted_messages:
        return
    with self._messages_lock:
        for place, message in enumerate(self._messages):
            if message.had_receipt_handle(receipt_handle):
                self.pending_messages.discard(message)
                self.deleted_messages.update(message.all_receipt_handles)
                self._messages = [*self._messages[:place], *self._messages[place + 1 :]]
                return
    raise ReceiptHandleIsInvalid
