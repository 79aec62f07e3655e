"""The context of one authenticated request: services for its route, and fields for the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.caller import Caller
from api.event import ApiEvent
from sms_consent.queries.history import ConsentQueries
from sms_consent.recording.channel_requests import ChannelRequests

__all__ = ["RequestContext"]


@dataclass(kw_only=True)
class RequestContext:
    """One authenticated request and the services that answer it.

    Attributes:
        hurry_from: After this time, changes are only recorded, and SweepFunction applies them.
        route: The pattern of the matched route, for the log. The path itself may hold a phone number.
        errors: Why recipients were rejected, for the log, without their numbers.
    """

    event: ApiEvent
    caller: Caller
    sync_until: datetime
    requests: ChannelRequests
    queries: ConsentQueries
    route: str = "none"
    errors: tuple[str, ...] = ()
