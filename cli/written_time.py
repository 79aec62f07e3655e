"""Decides which moment somebody wrote down, in the forms that systems export times in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from sms_consent.times import to_millisecond

__all__ = ["TimeReading"]

_EPOCH = re.compile(r"[0-9]{10}(\.[0-9]+)?|[0-9]{13}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONE = re.compile(r"\s*(UTC|GMT|Z)$", re.IGNORECASE)
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Zero, an empty date and a spreadsheet's serial number all come out before it."""


@dataclass(frozen=True, slots=True)
class TimeReading:
    """How times are read: where they give no zone, and where they have a form of their own."""

    zone: tzinfo = UTC
    form: str | None = None  # as strptime takes it

    def read(self, text: str, now: datetime) -> datetime:
        """To the millisecond, in UTC. Raises ValueError with what would do.

        A day without a time counts to its end, or to now: an opt-out is then no older than it was, the safe side.
        """
        moment, is_day = _formed(text, self.form) if self.form is not None else _known(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        if not FIRST.year <= moment.year < 9999:
            raise ValueError("its time is before the year 2000, so it is none")
        moment = to_millisecond(moment)
        if is_day:
            moment = max(moment, min(moment + timedelta(days=1, milliseconds=-1), now))
        if moment > now:
            raise ValueError("its time is in the future")
        return moment


def _formed(text: str, form: str) -> tuple[datetime, bool]:
    try:
        return datetime.strptime(text, form), not re.search("%[HIsXc]", form)  # noqa: DTZ007  zoned above
    except ValueError:
        raise ValueError(f"its time is not written as {form}") from None


def _known(text: str) -> tuple[datetime, bool]:
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC), False
        if _DATE.fullmatch(text):
            return datetime.combine(datetime.fromisoformat(text), time()), True
        if "," in text:
            return parsedate_to_datetime(text), False
        return datetime.fromisoformat(_ZONE.sub("+00:00", text)), False
    except (ValueError, OverflowError):
        raise ValueError(
            "its time is not written as 2026-11-03T14:02:11Z: say how with --time-format, as '%m/%d/%Y %H:%M'"
        ) from None
