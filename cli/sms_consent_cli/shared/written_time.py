"""Parsing of written times. A day without a time, or a time without a zone, is a span of possible moments."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from sms_consent.domain.decision import Asked
from sms_consent.domain.time import to_millisecond

__all__ = ["Span", "TimeFormat"]

AHEAD = timedelta(days=1)
"""How far in the future an opt-out's time may be, since the clocks of exporting systems are off by minutes."""
FIRST_ZONE, LAST_ZONE = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
"""The zones in which a day begins first and ends last (IANA: Pacific/Kiritimati, Etc/GMT+12)."""
FIRST_YEAR, LAST_YEAR = 2000, 9999
"""Zero, an empty date and a spreadsheet's serial number are all read as times before the first year."""

_EPOCH = re.compile(r"[0-9]{10}(\.[0-9]+)?|[0-9]{13}")
_ISO = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
    r"(?:[Tt ](?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?P<fraction>[.,][0-9]+)?)?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?:[A-Z]{3},\s*)?[0-9]{1,2}\s+[A-Z]{3}\s+[0-9]{4}"
    r"(?P<hour>\s+[0-9]{2}:[0-9]{2}(?P<second>:[0-9]{2})?\s*(?P<zone>[+-][0-9]{4}|[A-Z]{1,5})?)?",
    re.IGNORECASE,
)
"""RFC 5322, as ``Sat, 01 Mar 2025 10:00:00 +0000``."""

DAY, HOUR, MINUTE, MOMENT = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta()
"""The span that the last written part of a time leaves open. A time with seconds is exact."""
_GIVES = {"month": "mbBcxj", "day": "dcxj", "hour": "HIcX", "minute": "McX", "second": "ScX"}
"""The strptime directives that give each part. A day may also follow from week and weekday."""


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last moment that a written time may mean, in UTC to the millisecond."""

    earliest: datetime
    latest: datetime

    def moment(self, asked: Asked, now: datetime) -> datetime:
        """Return the effective time: the earliest for an opt-in, the latest for an opt-out, but not after ``now``.

        So an import never overrides a STOP that may be newer. Raises ValueError for a time in the future.
        """
        if self.earliest > (now + AHEAD if asked is Asked.OPT_OUT else now):
            raise ValueError("its time is in the future")
        return min(self.latest, now) if asked is Asked.OPT_OUT else self.earliest


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """How times are parsed: the zone of times without one, and the strptime format of times in a special form."""

    zone: tzinfo | None = None
    form: str | None = None  # as strptime takes it

    def read(self, text: str) -> Span:
        """Parse a time. Raises ValueError; the message shows an accepted form."""
        local, precision = _in_form(text, self.form) if self.form is not None else _known(text)
        if not FIRST_YEAR <= local.year < LAST_YEAR:
            raise ValueError("its time is before the year 2000, so it is not valid")
        earliest, latest = self._zoned(local, FIRST_ZONE), self._zoned(_last(local, precision), LAST_ZONE)
        return Span(to_millisecond(min(earliest)), to_millisecond(max(latest)))

    def _zoned(self, local: datetime, unknown: tzinfo) -> tuple[datetime, datetime]:
        """Return both moments of a local time that a clock change makes ambiguous; otherwise the same moment twice."""
        if local.tzinfo is not None:
            return local, local
        zoned = local.replace(tzinfo=self.zone or unknown)
        return zoned.replace(fold=0).astimezone(UTC), zoned.replace(fold=1).astimezone(UTC)


def _last(local: datetime, precision: timedelta | str) -> datetime:
    """Return the last millisecond of the written period, in local time."""
    if precision == "year":
        after = local.replace(year=local.year + 1)
    elif precision == "month":
        after = local.replace(year=local.year + local.month // 12, month=local.month % 12 + 1)
    elif isinstance(precision, timedelta) and precision:
        after = local + precision
    else:
        return local
    return after - timedelta(milliseconds=1)


def _in_form(text: str, form: str) -> tuple[datetime, timedelta | str]:
    try:
        local = datetime.strptime(text, form)  # noqa: DTZ007  zoned by the caller
    except ValueError:
        raise ValueError(f"its time is not written as {form}") from None
    directives = set(re.findall(r"%(.)", form.replace("%%", "")))
    if "Z" in directives:
        # strptime reads the name of a zone and leaves it out of what it returns.
        if time.strptime(text, form).tm_zone.upper() not in {"UTC", "GMT"}:
            raise ValueError("its zone is not UTC: write it as an offset, and %z in --time-format")
        local = local.replace(tzinfo=UTC)
    given = {part for part, letters in _GIVES.items() if directives & set(letters)}
    if directives & set("UWV") and directives & set("aAwu"):
        given |= {"month", "day"}
    if "month" not in given:
        return local, "year"
    if "day" not in given:
        return local, "month"
    if "hour" not in given:
        return local, DAY
    if "I" in directives and "p" not in directives:
        return local, 13 * HOUR  # morning or evening: thirteen hours cover both
    if "minute" not in given:
        return local, HOUR
    return local, MOMENT if "second" in given else MINUTE


def _known(text: str) -> tuple[datetime, timedelta | str]:
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC), MOMENT
        if match := _ISO.fullmatch(text):
            return _iso(match), _precision(match)
        if match := _MAIL.fullmatch(text):
            return _mail(match), _precision(match)
    except (ValueError, OverflowError):
        pass
    raise ValueError("its time is not written as 2026-11-03T14:02:11Z: say how with --time-format, as '%m/%d/%Y %H:%M'")


def _precision(match: re.Match[str]) -> timedelta:
    parts = match.groupdict()
    if parts["hour"] is None:
        return DAY
    if parts.get("minute", "") is None:
        return HOUR
    return MINUTE if parts["second"] is None else MOMENT


def _iso(match: re.Match[str]) -> datetime:
    zone = (match["zone"] or "").upper()
    zone = "+00:00" if zone in {"Z", "UTC", "GMT"} else zone
    clock = ":".join(match[part] or "00" for part in ("hour", "minute", "second"))
    return datetime.fromisoformat(f"{match['date']}T{clock}{match['fraction'] or ''}{zone}")


def _mail(match: re.Match[str]) -> datetime:
    moment = parsedate_to_datetime(match[0] if match["hour"] else f"{match[0]} 00:00")
    if moment.tzinfo is not None or not match["zone"]:
        return moment
    if match["zone"] == "-0000":  # a moment in UTC without a known local zone (RFC 5322, section 3.3)
        return moment.replace(tzinfo=UTC)
    raise ValueError("an unknown zone name")
