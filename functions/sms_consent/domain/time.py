"""The text form of times: UTC to the millisecond, sorting like time."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["as_text", "from_text", "text_or_none", "to_millisecond"]


def to_millisecond(moment: datetime) -> datetime:
    """Return a time in UTC, cut to milliseconds, the precision of an SNS timestamp. The ledger then returns it unchanged."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def as_text(moment: datetime) -> str:
    """Return a time as ``2026-11-03T14:02:11.123Z``: fixed width, so that sort keys order by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def text_or_none(moment: datetime | None) -> str | None:
    """Return a time as text, or None."""
    return as_text(moment) if moment is not None else None


def from_text(text: str) -> datetime:
    """Parse the form of ``as_text``, or another ISO 8601 form with an offset. Raises ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset from UTC")
    return to_millisecond(moment)
