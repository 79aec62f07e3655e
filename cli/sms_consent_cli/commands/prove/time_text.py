"""Times in sentences and tables: UTC, and beside it the time zone of the reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sms_consent.domain.consent import UNKNOWN_TIME
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["TimeText", "span", "zone_named"]

UNREADABLE = "a time that cannot be read"


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone of the IANA database. Raises UsageError."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        pass
    except KeyError:
        pass
    raise UsageError(
        "there is no such time zone: give a name of the IANA database, as Europe/Berlin or America/New_York"
    )


@dataclass(frozen=True, slots=True)
class TimeText:
    """Writes times in English, in UTC and in one more zone unless that is UTC too."""

    zone: ZoneInfo

    @property
    def has_zone(self) -> bool:
        """Whether times are also shown in a zone other than UTC."""
        return self.zone.key not in {"UTC", "Etc/UTC"}

    def day(self, moment: datetime) -> str:
        """Return the day in UTC, as ``3 November 2026``."""
        return _day(moment.astimezone(UTC)) if moment != UNKNOWN_TIME else UNREADABLE

    def moment(self, moment: datetime) -> str:
        """Return a time in UTC to the second, with the time in the other zone in parentheses."""
        if moment == UNKNOWN_TIME:
            return UNREADABLE
        utc = moment.astimezone(UTC)
        text = f"{_day(utc)}, {utc:%H:%M:%S} UTC"
        return f"{text} ({self.local(moment)})" if self.has_zone else text

    def exact(self, moment: datetime) -> str:
        """Return a time in UTC to the millisecond, the precision of the ledger."""
        if moment == UNKNOWN_TIME:
            return UNREADABLE
        utc = moment.astimezone(UTC)
        return f"{utc.day} {utc:%b %Y, %H:%M:%S}.{utc.microsecond // 1000:03d} UTC"

    def local(self, moment: datetime) -> str:
        """Return a time in the other zone, with the day if it is another one than in UTC."""
        if moment == UNKNOWN_TIME:
            return UNREADABLE
        utc, there = moment.astimezone(UTC), moment.astimezone(self.zone)
        day = "" if there.date() == utc.date() else f"{_day(there)}, "
        return f"{day}{there:%H:%M:%S} {_zone(there)}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _zone(moment: datetime) -> str:
    name = moment.tzname() or ""
    if name.isalpha():
        return name
    offset = moment.utcoffset() or timedelta()
    sign, minutes = ("-", -offset) if offset < timedelta() else ("+", offset)
    hours, rest = divmod(int(minutes.total_seconds()) // 60, 60)
    return f"UTC{sign}{hours:02d}:{rest:02d}"


def span(length: timedelta) -> str:
    """Return a duration in words, in its largest unit."""
    seconds = length.total_seconds()
    for unit, size, until in (("second", 1, 120), ("minute", 60, 7200), ("hour", 3600, 172_800), ("day", 86_400, None)):
        if until is None or seconds < until:
            count = f"{seconds / size:.1f}" if unit == "second" else f"{seconds / size:.0f}"
            return f"{count} {unit}{'' if count in {'1', '1.0'} else 's'}"
    raise AssertionError("the last unit has no limit")
