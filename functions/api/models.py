"""What the API takes and gives: the wire form of Azure Communication Services' Opt Outs, and our own reading of a number.

Source of the former: the published description of its version 2026-01-23, whose limit of 100 recipients is kept.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import SkipJsonSchema

__all__ = [
    "MOST_RECIPIENTS",
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

MOST_RECIPIENTS = 100

T = TypeVar("T")
Omittable = Annotated[T | SkipJsonSchema[None], Field(exclude_if=lambda value: value is None)]
"""A field that responses leave out instead of sending null."""
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class _Wire(BaseModel):
    """Names in camel case; what is not known is passed over, and no error quotes what was sent."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, hide_input_in_errors=True, extra="ignore"
    )


class OptOutRecipient(_Wire):
    """One recipient."""

    to: str = Field(min_length=1, description="The recipient's phone number in E.164 form.")


class OptOutRequest(_Wire):
    """Whom a request is about, and for which sender."""

    sender: str = Field(
        alias="from",
        pattern=r"^[A-Za-z0-9+:/_-]{1,256}$",
        description="Your number, pool or agent, which says on which opt-out list the recipients are.",
    )
    recipients: list[OptOutRecipient] = Field(min_length=1, max_length=MOST_RECIPIENTS)
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
    """What became of it for one recipient."""

    to: str = Field(description="As it was sent.")
    http_status_code: int = Field(
        description="200 done; 202 recorded, and done once the service allows it; 400 no phone number; 409 recorded, but a "
        "newer decision stands; 500 not recorded, to be sent again unless the message says otherwise."
    )
    is_opted_out: Omittable[bool] = Field(default=None, description="Answers a check.")
    error_message: Omittable[str] = Field(default=None, description="Why it is not 200.")


class OptOutResponse(_Wire):
    """One item a recipient, in the order of the request."""

    value: list[OptOutResponseItem]


class ErrorDetail(_Wire):
    """What is wrong."""

    code: str
    message: str
    inner_error: None = None


class ErrorResponse(_Wire):
    """An error of Azure's standard form."""

    error: ErrorDetail


class Problem(_Wire):
    """A bad request, as problem details (RFC 9457) with the messages for each field."""

    type: str
    title: str
    status: int
    errors: dict[str, list[str]]
    trace_id: str


class ListingView(_Wire):
    """The number's entry on the opt-out list, as the service gave it when it was made."""

    at: Omittable[Time] = None
    end_user_opted_out: Omittable[bool] = Field(
        default=None, description="The service's own; false for entries by its API."
    )


class ConsentView(_Wire):
    """What should be for one list, and how far the list has followed."""

    opt_out_list: str
    status: str = Field(description="OPTED_OUT, OPTED_IN, or OPT_IN_PENDING, which is still opted out.")
    is_opted_out: bool
    end_user_opted_out: bool = Field(description="Whether the person asked for it, in their own words.")
    decided_at: Time
    decided_by: str = Field(description="The id of the decision that it rests on.")
    applied: bool = Field(description="Whether the opt-out list is known to match.")
    listing: Omittable[ListingView] = None
    deleted_at: Omittable[Time] = Field(
        default=None, description="The last deletion from the list, which starts the 30 days."
    )
    released_at: Omittable[Time] = Field(default=None, description="When a pending opt-in is carried out.")
    refusal: Omittable[str] = Field(default=None, description="Why the service refused an opt-in, in its own words.")
    due: Omittable[str] = Field(
        default=None, description="What is left to do: OPT_OUT, IMPORTED (after what people text) or OPT_IN."
    )
    due_at: Omittable[Time] = None
    attempts: int = Field(description="How often it has failed so far.")


class NumberView(_Wire):
    """Everything that stands about a number now."""

    number: str
    consents: list[ConsentView]


class DecisionView(_Wire):
    """One decision: who asked for what, by what means, and how it was understood."""

    id: str
    at: Time
    asked: str
    author: str
    through: str
    actor: Omittable[str] = None
    reference: Omittable[str] = None
    body: Omittable[str] = Field(default=None, description="The text, word for word.")
    tier: Omittable[str] = None
    rule: Omittable[str] = None
    matched: Omittable[str] = None
    language: Omittable[str] = None
    rules_version: Omittable[str] = None
    outcome: Omittable[str] = Field(default=None, description="What it did when it was recorded.")
    recorded_at: Omittable[Time] = None


class DecisionPage(_Wire):
    """A part of a number's history, newest first."""

    number: str
    decisions: list[DecisionView]
    next: Omittable[str] = Field(default=None, description="Continues it, as `page`; missing at the end.")
