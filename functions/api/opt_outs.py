"""The routes ``/sms/optouts:add``, ``:remove`` and ``:check``: what is asked, and how each outcome reads on the wire."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from api import problems
from api.caller import Caller
from api.http import Request, Response
from api.models import OptOutRequest, OptOutResponse, OptOutResponseItem
from sms_consent.domain.consent import Status
from sms_consent.domain.decision import Asked
from sms_consent.domain.time import as_text
from sms_consent.recording.channel_requests import ChannelRequests, RequestOutcome, Result, UnknownSender
from sms_consent.recording.channel_requests import Request as Wish
from sms_consent.recording.idempotency import RequestKey

__all__ = ["VERSIONS", "OptOuts"]

VERSIONS = ("2024-12-10-preview", "2025-05-29-preview", "2026-01-23")
"""The published versions that have Opt Outs; their bodies are the same."""
MOST_BYTES = 64 * 1024
"""Several times what 100 recipients take."""

_CLIENT_ID = re.compile(r"[!-~]{1,128}", re.ASCII)


class OptOuts:
    """Answers the three operations."""

    def __init__(self, on_behalf: ChannelRequests) -> None:
        self._on_behalf = on_behalf

    def add(self, request: Request, caller: Caller, hurry_from: datetime) -> Response:
        """Opt recipients out."""
        return self._serve(request, lambda asked: self._record(Asked.OPT_OUT, asked, request, caller, hurry_from))

    def remove(self, request: Request, caller: Caller, hurry_from: datetime) -> Response:
        """Opt recipients in again, as soon as the service allows it."""
        return self._serve(request, lambda asked: self._record(Asked.OPT_IN, asked, request, caller, hurry_from))

    def check(self, request: Request) -> Response:
        """Whether recipients are opted out."""
        return self._serve(
            request, lambda asked: self._on_behalf.check(asked.sender, [each.to for each in asked.recipients]), _checked
        )

    def _serve(
        self,
        request: Request,
        carry_out: Callable[[OptOutRequest], list[Result]],
        item: Callable[[Result], OptOutResponseItem] | None = None,
    ) -> Response:
        version = request.query.get("api-version")
        if not version:
            return problems.unspecified_version()
        if version not in VERSIONS:
            return problems.unsupported_version(request, version)
        if len(request.body) > MOST_BYTES:
            return problems.too_large(request, MOST_BYTES)
        if not request.body:
            return problems.invalid(request, {"$": ["A request body is required."]})
        try:
            asked = OptOutRequest.model_validate_json(request.body)
        except ValidationError as error:
            return problems.malformed(request, error)
        try:
            results = carry_out(asked)
        except UnknownSender:
            return problems.invalid(request, {"from": ["This sender is not configured here."]})
        if all(result.became is RequestOutcome.FAILED for result in results):
            return problems.unavailable()
        errors = tuple(dict.fromkeys(result.error for result in results if result.error is not None))
        if all(result.became in {RequestOutcome.FAILED, RequestOutcome.REJECTED} for result in results):
            return replace(problems.failed(), errors=errors)
        answer = OptOutResponse(value=[(item or _recorded)(result) for result in results])
        return Response(200, answer, errors=errors)

    def _record(
        self, asked: Asked, body: OptOutRequest, request: Request, caller: Caller, hurry_from: datetime
    ) -> list[Result]:
        client_id = request.headers.get("x-ms-client-request-id", "")
        wish = Wish(
            asked=asked,
            sender=body.sender,
            recipients=tuple(each.to for each in body.recipients),
            arrival=RequestKey(
                actor=caller.identity,
                content=f"{asked} {hashlib.sha256(request.body).hexdigest()}",
                once=request.id,
                client_id=client_id if _CLIENT_ID.fullmatch(client_id) else None,
                signature=caller.signature,
                valid_for=caller.valid_for,
            ),
            channel=body.channel,
            reference=body.reference,
        )
        return self._on_behalf.ask(wish, hurry_from=hurry_from)


def _recorded(result: Result) -> OptOutResponseItem:
    status, message = {
        RequestOutcome.DONE: (200, None),
        RequestOutcome.DEFERRED: (202, _deferral(result)),
        RequestOutcome.SUPERSEDED: (409, "Recorded, but a newer decision stands."),
        RequestOutcome.INVALID: (400, "Invalid recipient phone number format"),
        RequestOutcome.FAILED: (500, "Internal Server Error"),
        RequestOutcome.REJECTED: (
            500,
            "The ledger does not take this recipient. Sending the request again will not help.",
        ),
    }[result.became]
    return OptOutResponseItem(to=result.recipient, http_status_code=status, error_message=message)


def _checked(result: Result) -> OptOutResponseItem:
    item = _recorded(result)
    if result.became is not RequestOutcome.DONE:
        return item
    consent = result.consent
    # A number whose opt-in is pending is still on the list.
    return item.model_copy(update={"is_opted_out": consent is not None and consent.status is not Status.OPTED_IN})


def _deferral(result: Result) -> str:
    if result.held_until is None:
        return "Recorded. The number leaves the opt-out list as soon as the service takes the call."
    date = as_text(result.held_until)
    if result.refused:
        return f"Recorded. The service refuses to release the number for now; it is asked again on {date}."
    return f"Recorded. A number can leave an opt-out list once in 30 days: this one is released on {date}."
