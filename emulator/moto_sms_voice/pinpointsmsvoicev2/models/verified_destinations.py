"""A verified destination number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .resource import Resource


@dataclass(eq=False)
class VerifiedDestinationNumber(Resource):
    """A number that a sandbox account may send to once it is verified."""

    resource_type = "verified-destination-number"

    verified_destination_number_id: str
    verified_destination_number_arn: str
    destination_phone_number: str
    created_timestamp: datetime
    rcs_agent_id: str | None = None
    tags: list[dict[str, str]] | None = None
    status: str = "PENDING"
    code: str | None = None
    code_sent_at: datetime | None = None
