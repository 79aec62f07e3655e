"""The codec: records to DynamoDB attributes and back, by one table for each type of record."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_consent.adapters.dynamodb import codec, import_records, items, reconcile_progress
from sms_consent.adapters.dynamodb.codec import (
    after,
    decode,
    encode,
    from_attributes,
    integer,
    key_of,
    member,
    moment,
    register,
    sequence,
    text,
)
from sms_consent.domain.errors import Unreadable
from sms_consent.domain.preserved_attributes import Preserved
from sms_consent.domain.time import as_text

NOON = datetime(2026, 11, 3, 12, 0, 0, 123456, tzinfo=UTC)
assert items
assert import_records
assert reconcile_progress  # each registers its records


class Colour(StrEnum):
    RED = "RED"


@dataclass(frozen=True, kw_only=True)
class Thing:
    owner: str
    name: str
    at: datetime
    colour: Colour = Colour.RED
    count: int = 0
    tags: tuple[str, ...] = ()
    draft: str | None = None
    preserved: Preserved | None = None


@dataclass(frozen=True)
class Exact:
    count: int


register(
    Thing,
    key=("{owner}", "THING#{at}#{name}"),
    names={"owner": "pk", "colour": "color"},
    fields={
        "owner": text, "name": text, "at": moment, "colour": member(Colour), "count": integer, "tags": sequence(text),
    },
    stand_ins={"count": 0},
    sparse=("tags",),
    unstored=("draft",),
)  # fmt: skip
register(Exact, fields={"count": integer}, strict=True)

THING = Thing(owner="+14255550182", name="a", at=NOON, count=3, draft="never stored")
STORED = {
    "pk": {"S": "+14255550182"},
    "sk": {"S": "THING#2026-11-03T12:00:00.123Z#a"},
    "name": {"S": "a"},
    "at": {"S": "2026-11-03T12:00:00.123Z"},
    "color": {"S": "RED"},
    "count": {"N": "3"},
}


def test_a_record_is_stored_under_the_names_and_the_key_of_its_table() -> None:
    """Empty and unstored fields are absent."""
    assert encode(THING) == STORED
    assert key_of(Thing, owner="+14255550182", at=NOON, name="a") == {name: STORED[name] for name in ("pk", "sk")}


def test_an_item_is_read_as_the_record_that_it_was_written_from() -> None:
    """Times are stored to the millisecond."""
    found = decode(Thing, from_attributes(STORED))
    assert found == Thing(owner="+14255550182", name="a", at=NOON.replace(microsecond=123000), count=3)
    assert encode(found) == STORED


def test_what_cannot_be_read_is_stored_again_until_a_newer_value_replaces_it() -> None:
    """A new enum member, a number edited to text, and attributes of types that this version does not use."""
    newer = STORED | {"color": {"S": "BLUE"}, "count": {"S": "three"}, "size": {"N": "1.5"}, "more": {"SS": ["x"]}}
    found = decode(Thing, from_attributes(newer))
    assert (found.colour, found.count) == (Colour.RED, 0)
    assert encode(found)["count"] == {"S": "three"}
    assert {name: encode(found)[name] for name in ("size", "more")} == {"size": {"N": "1.5"}, "more": {"SS": ["x"]}}
    changed = Thing(owner=found.owner, name="a", at=NOON, count=4, preserved=found.preserved)
    assert encode(changed)["count"] == {"N": "4"}


def test_a_required_attribute_that_is_missing_makes_an_item_unreadable() -> None:
    """``name`` has no stand-in."""
    with pytest.raises(Unreadable):
        decode(Thing, from_attributes({name: value for name, value in STORED.items() if name != "name"}))


def test_a_strict_record_is_read_as_a_whole_or_not_at_all() -> None:
    """No default takes the place of a value that cannot be read."""
    with pytest.raises(Unreadable):
        decode(Exact, {"count": "three"})


@given(st.timedeltas(timedelta(days=-20_000), timedelta(days=60_000)))
def test_a_time_is_stored_as_everywhere_else(since: timedelta) -> None:
    """The codec formats times itself."""
    at = (NOON + since).astimezone(timezone(timedelta(hours=5)))
    assert encode({"at": at}) == {"at": {"S": as_text(at)}}


@pytest.mark.parametrize("record", codec._TABLES, ids=lambda record: record.__name__)
def test_each_table_names_fields_of_its_record(record: type) -> None:
    """A field that is stored and never read would be lost with the next write."""
    table = codec._TABLES[record]
    stored = {each.name for each in fields(record)} - {"preserved"} - table.unstored
    assert set(table.fields) == stored
    assert set(table.names) | set(table.stand_ins) | table.sparse | set(table.evidence) <= stored


def test_a_key_is_read_without_its_prefix() -> None:
    """Lists are stored as ``LIST#name``."""
    assert after("LIST#")("LIST#Default") == "Default"
