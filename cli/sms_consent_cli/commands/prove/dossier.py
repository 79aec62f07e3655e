"""The dossier about one person, as JSON has it. ``schemas/cli/dossier.json`` is generated from these models.

Every part has a ``statement``: one or two sentences in plain English that claim no more than is recorded. A value that the
ledger does not have is null, which means "not recorded", never "did not happen".
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from sms_consent.domain.time import as_text
from sms_consent_cli.shared.terminal_text import printable

__all__ = [
    "Answer",
    "AwsEntry",
    "Classification",
    "Confirmation",
    "Difference",
    "Dossier",
    "FactRecord",
    "ImportRun",
    "ListStatus",
    "Origin",
    "Request",
    "Summary",
    "TimelineEntry",
    "Unknown",
    "Verification",
    "VerificationResult",
    "Words",
    "WordsState",
    "schema",
]

SCHEMA_VERSION = "1"

Moment = Annotated[datetime, PlainSerializer(as_text, return_type=str, when_used="json")]
"""In JSON: UTC to the millisecond, as ``2026-11-03T14:02:11.123Z``."""


class _Part(BaseModel):
    """A part of the dossier, with names in camel case in JSON."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, hide_input_in_errors=True
    )


class Answer(StrEnum):
    """Whether the person may be texted, as far as the ledger knows."""

    OPTED_OUT = "OPTED_OUT"
    OPTED_IN = "OPTED_IN"
    OPT_IN_PENDING = "OPT_IN_PENDING"
    DIFFERS_BY_LIST = "DIFFERS_BY_LIST"
    NO_OPT_OUT_RECORDED = "NO_OPT_OUT_RECORDED"


class WordsState(StrEnum):
    """Whether the person's words are in the dossier."""

    SHOWN = "SHOWN"
    WITHHELD = "WITHHELD"  # recorded, but the dossier was made without --show-texts
    NOT_RECORDED = "NOT_RECORDED"  # erased, or never recorded
    NOT_A_TEXT = "NOT_A_TEXT"  # the request was not made by text message


class VerificationResult(StrEnum):
    """The result of checking the chain of entries."""

    INTACT = "INTACT"
    NOT_INTACT = "NOT_INTACT"
    NOT_CHAINED = "NOT_CHAINED"  # no entry is part of a chain, so nothing can be checked


class Origin(_Part):
    """Where the dossier comes from."""

    tool: str
    version: str
    rules_version: str = Field(description="The rules of the tool that made the dossier, not those of the requests.")
    created_at: Moment = Field(description="AWS's time when the ledger had been read.")
    timezone: str = Field(description="The time zone that the HTML form shows beside UTC.")
    account: str | None
    region: str | None
    table: str
    endpoint: str | None = Field(
        default=None, description="Where the ledger was read, if that is no address of AWS: a local stack, for example."
    )
    caller: str | None = Field(description="The AWS identity that made the dossier.")
    texts_shown: bool

    @property
    def warning(self) -> str | None:
        """A warning that the ledger was not read from AWS; None if it was."""
        if self.endpoint is None:
            return None
        return (
            f"Not read from AWS. The ledger was read at {printable(self.endpoint, quoted=False)}, which is no address of AWS, "
            "such as that of a local stack for tests. Such a stack imitates AWS and has its own clock: what it holds proves "
            "nothing about a person."
        )


class AwsEntry(_Part):
    """The number's entry on an opt-out list, as AWS returned it when the ledger last learned of it."""

    entered_at: Moment | None
    end_user_opted_out: bool | None = Field(description="AWS's own mark. It is false for entries made through its API.")


class ListStatus(_Part):
    """The person's status on one opt-out list."""

    opt_out_list: str
    status: str = Field(description="OPTED_OUT, OPTED_IN or OPT_IN_PENDING.")
    statement: str
    since: Moment | None = Field(description="Time of the first request for this status since the status before it.")
    latest_request_at: Moment | None
    requests: int | None = Field(description="How many requests for this status were counted since it began.")
    end_user_asked: bool = Field(description="Whether the person asked for the opt-out themselves.")
    list_matches: bool = Field(description="Whether the opt-out list is known to show this status.")
    aws_entry: AwsEntry | None
    thirty_days_from: Moment | None = Field(
        description="From when AWS's 30 days count: the last removal from the list, or the latest time that it can have had."
    )
    held_until: Moment | None = Field(description="When a pending opt-in can be carried out: the 30-day rule.")
    aws_refusal: str | None = Field(description="AWS's reason for refusing an opt-in that was expected to succeed.")


class Summary(_Part):
    """The first page: whether the person may be texted, since when and why."""

    answer: Answer
    heading: str
    statement: str
    lists: tuple[ListStatus, ...]


class Words(_Part):
    """What the person wrote."""

    state: WordsState
    statement: str
    text: str | None = Field(description="The exact text. External content: may contain any character.")


class Classification(_Part):
    """How a text was understood."""

    statement: str
    rule: str | None
    tier: str | None
    matched: str | None = Field(description="The words of the text that decided. External content.")
    language: str | None
    source: str | None = Field(description="Where the rule comes from, according to the rules in Origin.rulesVersion.")
    rules_version: str | None = Field(description="The version of the rules that classified the text.")


class Confirmation(_Part):
    """The reply to a request."""

    state: str = Field(description="SENT, SKIPPED, FAILED, UNKNOWN, DUE, CLAIMED, NONE or NOT_RECORDED.")
    statement: str
    accepted_at: Moment | None = Field(description="When the ledger recorded that AWS had accepted the text.")
    message_id: str | None = Field(description="AWS's id of the text.")
    text: str | None = Field(description="The exact text that AWS accepted.")
    text_digest: str | None = Field(description="The first 16 hexadecimal digits of the SHA-256 of the text.")
    sender: str | None
    language: str | None
    reason: str | None = Field(description="Why no text was sent, or why it is not known.")


class Request(_Part):
    """One request of or about the person."""

    reference: str = Field(description="The request's number in this dossier, as R1. Oldest first.")
    id: str
    statement: str
    asked: str = Field(description="OPT_OUT, OPT_IN, HELP, UNCLEAR or IMPORT_UNDONE.")
    author: str = Field(description="END_USER, AGENT, IMPORT or AWS.")
    requested_at: Moment = Field(
        description="For a text, the time of its SNS notification; for an import, the time in its source."
    )
    recorded_at: Moment | None
    through: str
    actor: str | None
    external_reference: str | None
    opt_out_list: str | None
    end_user_asked: bool | None = Field(description="Of an import: whether its source says that the person asked.")
    import_id: str | None
    words: Words
    classification: Classification | None
    outcome: str | None
    outcome_statement: str
    confirmation: Confirmation


class FactRecord(_Part):
    """Something that was done because of a request, and AWS's answer."""

    reference: str = Field(description="The fact's number in this dossier, as F1.")
    at: Moment = Field(description="When it was recorded, after AWS's answer.")
    kind: str
    statement: str
    opt_out_list: str | None
    request: str | None = Field(description="The request's number in this dossier.")
    aws_answer: str | None


class ImportRun(_Part):
    """An import that recorded or withdrew requests about this person. Without an id, its record does not exist."""

    reference: str = Field(description="The import's number in this dossier, as I1.")
    id: str | None
    statement: str
    status: str | None = Field(description="RUNNING, FINISHED, UNDOING or UNDONE.")
    begun_at: Moment | None
    finished_at: Moment | None
    caller: str | None = Field(description="The AWS identity that ran the import.")
    stated_source: str | None = Field(
        description="The source that the file or the option --source states. Not checked."
    )
    file_name: str | None
    sha256: str | None = Field(description="Of the file's bytes, in hexadecimal.")
    options: dict[str, str] | None = Field(description="The options of the import, by name.")
    columns: dict[str, str] | None = Field(description="What was read from which column of the file, by meaning.")
    counts: dict[str, int] | None = Field(description="Lines of the whole file by outcome.")
    undone_at: Moment | None
    undone_by: str | None
    requests: tuple[str, ...] = Field(description="The requests' numbers in this dossier.")
    lines: tuple[str | None, ...] = Field(description="The lines of the file, in the same order.")


class Difference(_Part):
    """A difference between an opt-out list and the ledger, found by the daily reconcile run."""

    reference: str = Field(description="The difference's number in this dossier, as D1.")
    found_at: Moment
    opt_out_list: str
    kind: str
    statement: str
    aws_entry: AwsEntry | None
    repaired_at: Moment | None
    repair_statement: str


class Verification(_Part):
    """The result of checking that no entry was changed, removed or inserted."""

    result: VerificationResult
    statement: str
    entries: int | None = Field(description="How many entries were checked.")
    unchained: int | None = Field(description="How many entries are not part of the chain.")
    chain_started_at: Moment | None
    findings: tuple[str, ...]


class Unknown(_Part):
    """Something that this dossier does not prove."""

    topic: str
    statement: str


class TimelineEntry(_Part):
    """One event, in order of time."""

    at: Moment
    reference: str
    statement: str


class Dossier(_Part):
    """What a ledger holds about one phone number, for a compliance analyst, a lawyer or a regulator."""

    schema_version: str = SCHEMA_VERSION
    number: str
    origin: Origin
    summary: Summary
    timeline: tuple[TimelineEntry, ...]
    requests: tuple[Request, ...]
    facts: tuple[FactRecord, ...]
    imports: tuple[ImportRun, ...]
    differences: tuple[Difference, ...]
    verification: Verification
    unknown: tuple[Unknown, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the dossier as its JSON schema defines it."""
        return self.model_dump(mode="json", by_alias=True)


def schema() -> dict[str, Any]:
    """Return the JSON schema of a dossier."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Dossier.model_json_schema(mode="serialization", by_alias=True),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
