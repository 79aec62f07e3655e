"""Models of the events, and the JSON schemas beside this file: ``python -m schemas.events`` writes them.

A consumer may use either. A member that a model does not know is ignored, so that members can be added.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, SkipJsonSchema
from pydantic_core import core_schema

from sms_consent.domain.consent import DriftKind, Status
from sms_consent.domain.decision import Author
from sms_consent.domain.events import EventType
from sms_consent.domain.phone_number import SERVICE_PATTERN

__all__ = ["EVENTS", "generated", "main"]

FOLDER = Path(__file__).parent

T = TypeVar("T")
Absent = Annotated[T | SkipJsonSchema[None], "never null"]
"""A member that may be absent."""

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
Time = Annotated[str, Field(pattern=f"^{_TIME}$", json_schema_extra={"format": "date-time"})]
Text = Annotated[str, Field(min_length=1)]
_AUTHORS = [each.value for each in Author if each is not Author.UNKNOWN]
Authors = Annotated[Author, WithJsonSchema({"enum": _AUTHORS})]
Statuses = Annotated[Status, WithJsonSchema({"enum": [each.value for each in Status]})]


class _Model(BaseModel):
    """The base of all models. Errors hold no input, which may be a phone number."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Evidence(_Model):
    """Why a decision was made. Never what the person wrote."""

    author: Annotated[
        Author, WithJsonSchema({"enum": [each.value for each in Author if each is not Author.UNKNOWN]})
    ] = Field(description="Who decided: the person, somebody on their behalf, an import, or AWS.")
    through: str = Field(
        description="The number, pool or agent of yours that was texted, or the channel, such as api/phone."
    )
    tier: Absent[str] = Field(None, description="How certain the classification of the text is.")
    rule: Absent[str] = Field(None, description="The rule that decided.")
    rules_version: Absent[str] = Field(None, description="The version of the rules.")
    language: Absent[str] = Field(None, description="The language of the deciding words (ISO 639).")
    reference: Absent[str] = Field(None, description="The caller's own reference, such as a ticket.")


class Listing(_Model):
    """The entry on the opt-out list, as AWS returns it."""

    at: Absent[Time] = Field(None, description="Since when AWS has it.")
    end_user_opted_out: Absent[bool] = Field(
        None, alias="EndUserOptedOut", description="AWS's own value: false for entries made through its API."
    )


EventId = Annotated[
    str,
    Field(
        description="The same each time this event is published, so that a consumer can discard duplicates. The id beside "
        "detail is EventBridge's, and different each time.",
        pattern="^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        json_schema_extra={"format": "uuid"},
    ),
]
Number = Annotated[
    str,
    Field(description="The person's phone number in E.164 form. It is personal data.", pattern=f"^{SERVICE_PATTERN}$"),
]
ListName = Annotated[
    Text,
    Field(description="The opt-out list: its name, or its ARN if it is shared from another account."),
]
_DECISION = (
    "Why it was classified so. Never what the person wrote. Absent if the event comes later than its decision, as at the release "
    "of an opt-in: the history has it, by decided_by."
)


class _Consent(_Model):
    """The members that events about a consent have in common."""

    id: EventId
    version: str = Field(
        description="Compare as text: of two events about the same number and list, the one with the greater version is newer, "
        "in whatever order they arrive.",
        pattern=rf"^{_TIME}#\d{{10}}$",
    )
    number: Number
    list: ListName
    previous_status: Absent[Statuses] = Field(
        None,
        description="Absent for the first event about this number and list; the same as status if only a detail changed.",
    )
    decided_at: Time = Field(
        description="When the newest decision was made: for a text, the timestamp of its SNS notification."
    )
    decided_by: Text = Field(description="The id of that decision in the history: for a text, its inboundMessageId.")
    decision: Absent[Evidence] = Field(None, description=_DECISION)


class ConsentWithdrawn(_Consent):
    """Texting this number for this list must stop. It counts from now on, even if AWS's list follows later."""

    status: Literal[Status.OPTED_OUT]
    end_user_opted_out: bool = Field(
        alias="EndUserOptedOut",
        description="Whether the person asked for it, and not somebody else. AWS's list does not know this: its value is "
        "false for all entries made through its API.",
    )
    first_asked_out_at: Absent[Time] = Field(
        None, description="The first request since the newest opt-in, by anybody; decided_at is the newest."
    )
    asked_out_count: Absent[int] = Field(None, description="How many requests there were since then.", ge=1)


class ConsentRestored(_Consent):
    """This number may be texted again for this list. AWS refuses texts until its list has followed, mostly seconds later.

    If AWS refuses to remove the number, OptInDeferred follows.
    """

    status: Literal[Status.OPTED_IN]
    end_user_opted_out: Literal[False] = Field(alias="EndUserOptedOut")


class OptInDeferred(_Consent):
    """This number asked to be texted again, but AWS removes a number only once in 30 days.

    It must not be texted until ConsentRestored. Published again if the date changes.
    """

    status: Literal[Status.OPT_IN_PENDING]
    end_user_opted_out: Literal[False] = Field(alias="EndUserOptedOut")
    held_until: Time = Field(
        description="When it is tried next: the end of the 30 days, or a day later if AWS refused for another reason."
    )


class WithdrawalUnclear(_Model):
    """A text that may ask to stop, but not clearly enough to act on it. The consent stays as it is; somebody should look at it.

    The text itself is in the history, by decided_by.
    """

    id: EventId
    number: Number
    decided_at: Time = Field(description="When the text was received: the timestamp of its SNS notification.")
    decided_by: Text = Field(description="The id of the decision in the history: the text's inboundMessageId.")
    decision: Evidence = Field(description=_DECISION)


class ListDrifted(_Model):
    """An opt-out list was found to differ from the ledger for this number.

    Another event follows if what is done about it changes the consent.
    """

    id: EventId
    number: Number
    list: ListName
    kind: Annotated[DriftKind, WithJsonSchema({"enum": [each.value for each in DriftKind]})] = Field(
        description="NOT_LISTED: opted out, but not on the list, so that AWS lets texts through. NOT_RECORDED: on the list, and "
        "unknown to the ledger. STILL_LISTED: opted in, but on the list."
    )
    found_at: Time = Field(description="When it was found.")
    status: Absent[Statuses] = Field(None, description="The status in the ledger; absent if it has none.")
    listing: Absent[Listing] = Field(None, description="The entry on the list, as AWS returns it.")


EVENTS: dict[EventType, type[BaseModel]] = {
    EventType.CONSENT_WITHDRAWN: ConsentWithdrawn,
    EventType.CONSENT_RESTORED: ConsentRestored,
    EventType.OPT_IN_DEFERRED: OptInDeferred,
    EventType.WITHDRAWAL_UNCLEAR: WithdrawalUnclear,
    EventType.LIST_DRIFTED: ListDrifted,
}


class _Generator(GenerateJsonSchema):
    """Members without titles, which only repeat names, and without defaults: what is absent is not null."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the signature is pydantic's
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def generated(event: EventType) -> dict[str, Any]:
    """Return the JSON schema of one type of event, as EventBridge delivers it."""
    model = EVENTS[event]
    schema = model.model_json_schema(schema_generator=_Generator)
    detail = _inlined(schema, schema.get("$defs", {}))
    description = " ".join(detail.pop("description").split())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:sms-consent:event:{event}",
        "title": str(event),
        "description": description,
        "type": "object",
        "required": ["id", "source", "detail-type", "time", "detail"],
        "properties": {
            "id": {"description": "EventBridge's own id of this delivery.", "type": "string"},
            "source": {"const": "sms-consent"},
            "detail-type": {"const": str(event)},
            "time": {"description": "When the ledger changed, to the second.", "type": "string", "format": "date-time"},
            "resources": {
                "description": "The ARN of the ledger's table, which distinguishes the deployments of one account.",
                "type": "array",
                "items": {"type": "string"},
            },
            "detail": detail,
        },
    }


def _inlined(node: Any, models: dict[str, Any]) -> Any:
    """Return a schema without references, which not every generator of code follows, and without titles of models."""
    if isinstance(node, list):
        return [_inlined(each, models) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = models[node["$ref"].rpartition("/")[2]] | {key: value for key, value in node.items() if key != "$ref"}
    is_model = node.get("type") == "object"
    return {
        key: _inlined(value, models)
        for key, value in node.items()
        if key != "$defs" and not (key == "title" and is_model)
    }


def main() -> None:
    """Write every schema."""
    for event in EventType:
        text = json.dumps(generated(event), ensure_ascii=False, indent=2) + "\n"
        (FOLDER / f"{event}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
