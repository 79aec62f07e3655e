"""How moments are written: UTC to the millisecond, as text that sorts like time."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["as_text", "from_text", "text_or_none", "to_millisecond"]


def to_millisecond(moment: datetime) -> datetime:
    """Cut to whole milliseconds in UTC, the precision of an SNS timestamp, so that the ledger gives it back unchanged."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def as_text(moment: datetime) -> str:
    """``2026-11-03T14:02:11.123Z``: fixed width, so that sort keys order by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def text_or_none(moment: datetime | None) -> str | None:
    """Likewise, of a moment that may not have come."""
    return as_text(moment) if moment is not None else None


def from_text(text: str) -> datetime:
    """The inverse of ``as_text``; also takes other ISO 8601 forms with an offset. Raises ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset from UTC")
    return to_millisecond(moment)
