"""Control of the emulator over HTTP, for tests that cannot reach the backend in Python.

Each takes ``account_id`` and ``region`` in its query or its JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import Request

from ..pinpointsmsvoicev2.exceptions import ResourceNotFoundError, ServiceError
from .models import ControlledBackend, backend_of

Act = Callable[[ControlledBackend, dict[str, Any]], object]
Handler = Callable[[Request, str, Any], TYPE_RESPONSE]

HANDLERS: dict[str, Handler] = {}
"""The handlers by the last part of their path."""


def control(method: str) -> Callable[[Act], Handler]:
    """Make an action the handler of the path with its name. Errors are answered with 4xx and JSON."""

    def decorated(act: Act) -> Handler:
        @wraps(act)
        def handler(request: Request, _url: str, _headers: Any) -> TYPE_RESPONSE:
            if request.method != method:
                return _answer(405, {"error": f"Use {method}."})
            try:
                body = request.get_data()  # as it is: curl declares JSON to be a form
                given = {**request.args.to_dict(), **(json.loads(body) if body else {})}
                account = given.pop("account_id", DEFAULT_ACCOUNT_ID)
                region = given.pop("region", "us-east-1")
                return _answer(200, act(backend_of(account, region), given))
            except ServiceError as error:
                status = 404 if isinstance(error, ResourceNotFoundError) else 409
                return _answer(status, {"error": error.code, "reason": error.reason, "message": error.message})
            except (KeyError, OverflowError, TypeError, ValueError) as error:
                return _answer(400, {"error": type(error).__name__, "message": str(error)})

        HANDLERS[act.__name__.replace("_", "-")] = handler
        return handler

    return decorated


def _answer(status: int, body: object) -> TYPE_RESPONSE:
    # moto's times are naive UTC; the response states the offset.
    text = json.dumps(body, default=lambda time: f"{time.isoformat(timespec='milliseconds')}Z")
    return status, {"Content-Type": "application/json"}, text


@control("GET")
def texts(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Return every text sent, oldest first."""
    _take_nothing(**given)
    return {"texts": [_renamed(asdict(text)) for text in backend.sent_texts()]}


@control("GET")
def messages(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Return every message sent on any channel, oldest first."""
    _take_nothing(**given)
    return {"messages": [_renamed(asdict(message)) for message in backend.sent_messages()]}


@control("GET")
def requests(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Return calls, oldest first, from the number ``start``; ``next`` is the start of the next page."""
    found, following = backend.requests.page(**{name: int(value) for name, value in given.items()})
    return {"requests": [asdict(record) for record in found], "next": following}


@control("POST")
def inbound(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Receive a text of an end user: ``from``, ``to``, ``body``."""
    sender, recipient, body = given["from"], given["to"], given["body"]
    if not all(isinstance(one, str) for one in (sender, recipient, body)):
        raise TypeError("from, to and body must be strings.")
    return {"inbound_message_id": backend.receive_text(sender, recipient, body)}


@control("POST")
def phone_numbers(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Add a phone number; takes the arguments of ``add_phone_number``."""
    added = backend.add_phone_number(**given)
    return {"phone_number_id": added.phone_number_id, "phone_number_arn": added.phone_number_arn}


@control("POST")
def rcs_agents(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Add an RCS agent; takes the arguments of ``add_rcs_agent``."""
    added = backend.add_rcs_agent(**given)
    return {"rcs_agent_id": added.rcs_agent_id, "rcs_agent_arn": added.rcs_agent_arn}


@control("POST")
def clock(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Advance the backend's time by ``advance_seconds``."""
    return {"now": backend.advance_time(float(given["advance_seconds"]))}


@control("POST")
def faults(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Make the next calls fail; takes the arguments of ``fail_next``."""
    backend.fail_next(**given)
    return {}


@control("POST")
def quotas(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Set quotas. ``enabled``: true, false, or a mapping of operations to requests a second."""
    backend.set_quotas(given["enabled"])
    return {}


@control("POST")
def opt_in_refusal(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Set ``error``, the error of a second deletion within 30 days."""
    backend.set_opt_in_refusal(given["error"])
    return {}


@control("POST")
def account(backend: ControlledBackend, given: dict[str, Any]) -> object:
    """Set ``tier`` and ``text_spend_limit``; takes the arguments of ``set_account``."""
    backend.set_account(**given)
    return {}


def _take_nothing() -> None:
    """Reject every parameter, by its signature: an ignored one would hide a mistake."""


def _renamed(text: dict[str, Any]) -> dict[str, Any]:
    """Rename `from_`: `from` cannot be a Python attribute."""
    return {"from" if name == "from_" else name: value for name, value in text.items()}
