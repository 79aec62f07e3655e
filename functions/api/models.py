"""Request and response bodies: Azure Communication Services' Opt Outs, and our own views of a number.

The former follow the published description of version 2026-01-23, with its limit of 100 recipients.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import SkipJsonSchema

__all__ = [
    "MAX_RECIPIENTS",
    "ConsentView",
    "DecisionPage",
    "DecisionView",
    "ErrorDetail",
    "ErrorResponse",
    "ListingView",
    "NumberView",
    "OptOutRecipient",
    "OptOutRequest",
    "OptOutResponse",
    "OptOutResponseItem",
    "Problem",
]

MAX_RECIPIENTS = 100

T = TypeVar("T")
Omittable = Annotated[T | SkipJsonSchema[None], Field(exclude_if=lambda value: value is None)]
"""A field that responses leave out instead of sending null."""
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class _Wire(BaseModel):
    """Base of all bodies: camel-case names, unknown members ignored, no input in error messages."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, hide_input_in_errors=True, extra="ignore"
    )


class OptOutRecipient(_Wire):
    """A recipient of an opt-out request."""

    to: str = Field(min_length=1, description="The recipient's phone number in E.164 form.")


class OptOutRequest(_Wire):
    """A sender, and the recipients to opt out, opt in or check for it."""

    sender: str = Field(
        alias="from",
        pattern=r"^[A-Za-z0-9+:/_-]{1,256}$",
        description="Your number, pool or agent. It determines the opt-out list.",
    )
    recipients: list[OptOutRecipient] = Field(min_length=1, max_length=MAX_RECIPIENTS)
    channel: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]{1,32}$",
        description='Beyond Azure\'s form: how the person asked, such as "phone". Kept with the decision.',
    )
    reference: str | None = Field(
        default=None,
        pattern=r"^[ -~]{1,200}$",
        description="Beyond Azure's form: your own reference, such as a ticket. Kept with the decision.",
    )


class OptOutResponseItem(_Wire):
    """The result for one recipient."""

    to: str = Field(description="The recipient as it was sent.")
    http_status_code: int = Field(
        description="200 done; 202 recorded, and done when the service allows it; 400 not a phone number; 409 recorded, but a "
        "newer decision counts; 500 not recorded, send it again unless the message says otherwise."
    )
    is_opted_out: Omittable[bool] = Field(default=None, description="The answer to a check.")
    error_message: Omittable[str] = Field(default=None, description="Why the status is not 200.")


class OptOutResponse(_Wire):
    """A result for each recipient, in the order of the request."""

    value: list[OptOutResponseItem]


class ErrorDetail(_Wire):
    """The code and message of an error."""

    code: str
    message: str
    inner_error: None = None


class ErrorResponse(_Wire):
    """An error in Azure's standard form."""

    error: ErrorDetail


class Problem(_Wire):
    """Problem details (RFC 9457) of an invalid request, with the messages for each field."""

    type: str
    title: str
    status: int
    errors: dict[str, list[str]]
    trace_id: str


class ListingView(_Wire):
    """The number's entry on the opt-out list, as the service returned it when it was made."""

    at: Omittable[Time] = None
    end_user_opted_out: Omittable[bool] = Field(
        default=None, description="The service's own value; false for entries made through its API."
    )


class ConsentView(_Wire):
    """The consent for one opt-out list, and whether the list matches it."""

    opt_out_list: str
    status: str = Field(description="OPTED_OUT, OPTED_IN, or OPT_IN_PENDING, which is still opted out.")
    is_opted_out: bool
    end_user_opted_out: bool = Field(description="Whether the person asked for it, in their own words.")
    decided_at: Time
    decided_by: str = Field(description="The id of the decision that set it.")
    first_asked_out_at: Omittable[Time] = Field(
        default=None,
        description="The first opt-out request since the newest opt-in; `decidedAt` is the newest decision.",
    )
    asked_out_at: Omittable[Time] = Field(default=None, description="The person's own newest opt-out request.")
    asked_out_count: Omittable[int] = Field(
        default=None, description="How many opt-out requests there were since the newest opt-in."
    )
    applied: bool = Field(description="Whether the opt-out list is known to match.")
    listing: Omittable[ListingView] = None
    deleted_at: Omittable[Time] = Field(
        default=None, description="The last deletion from the list, which starts the 30 days."
    )
    released_at: Omittable[Time] = Field(default=None, description="When a pending opt-in takes effect.")
    refusal: Omittable[str] = Field(default=None, description="The service's reason for refusing an opt-in.")
    due: Omittable[str] = Field(
        default=None, description="The pending work: OPT_OUT, IMPORTED (done after people's own texts) or OPT_IN."
    )
    due_at: Omittable[Time] = None
    attempts: int = Field(description="How many attempts of the pending work have failed.")


class NumberView(_Wire):
    """A number's consents on all opt-out lists."""

    number: str
    consents: list[ConsentView]


class FactView(_Wire):
    """Something that resulted from a decision, as it was recorded at that time."""

    kind: str = Field(
        description="LISTED, FOUND_LISTED, REMOVED, DEFERRED, RELEASED, REFUSED, REJECTED, REPLIED, DRIFT or ERASED."
    )
    at: Time = Field(description="When it was recorded.")
    opt_out_list: Omittable[str] = None
    delay_seconds: Omittable[float] = Field(default=None, description="The time since the request.")
    listing: Omittable[ListingView] = None
    deleted_at: Omittable[Time] = None
    until: Omittable[Time] = Field(default=None, description="When a deferred opt-in is tried.")
    reason: Omittable[str] = Field(default=None, description="The service's reason, or why no reply was sent.")
    reply: Omittable[str] = Field(default=None, description="OPT_OUT_CONFIRMATION, OPT_IN_CONFIRMATION, HELP or ASK.")
    state: Omittable[str] = Field(default=None, description="SENT, SKIPPED, FAILED or UNKNOWN.")
    message_id: Omittable[str] = None
    text: Omittable[str] = Field(default=None, description="The exact words of the reply.")
    language: Omittable[str] = None
    sender: Omittable[str] = Field(default=None, description="The origination identity that sent the reply.")
    drift: Omittable[str] = None
    status: Omittable[str] = None
    entries: Omittable[int] = None
    actor: Omittable[str] = None


class DecisionView(_Wire):
    """A decision: what was requested, by whom, through which channel, and how a text was classified."""

    id: str
    at: Time
    asked: str
    author: str
    through: str
    actor: Omittable[str] = None
    reference: Omittable[str] = None
    import_id: Omittable[str] = Field(default=None, description="The import that recorded or withdrew it.")
    body: Omittable[str] = Field(default=None, description="The text as it was received.")
    tier: Omittable[str] = None
    rule: Omittable[str] = None
    matched: Omittable[str] = None
    language: Omittable[str] = None
    rules_version: Omittable[str] = None
    outcome: Omittable[str] = Field(default=None, description="Its effect when it was recorded.")
    recorded_at: Omittable[Time] = None
    facts: list[FactView] = Field(default_factory=list, description="What resulted from it, in order.")


class DecisionPage(_Wire):
    """A page of a number's history, newest first."""

    number: str
    decisions: list[DecisionView]
    next: Omittable[str] = Field(
        default=None, description="The token of the next page, for `page`; missing on the last page."
    )
