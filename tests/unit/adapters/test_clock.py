"""The minute cache of senders and lists."""

from __future__ import annotations

from datetime import datetime, timedelta

from support.fake_clock import FakeClock

from sms_consent.adapters.clock import TimedCache


class _SetBack(FakeClock):
    """A clock that an administrator sets back by an hour."""

    offset = timedelta()

    def now(self) -> datetime:
        return super().now() + self.offset


def _cache(clock: FakeClock) -> tuple[TimedCache[str, int], list[str]]:
    reads: list[str] = []

    def read(key: str) -> int:
        reads.append(key)
        return len(reads)

    return TimedCache(read, clock), reads


def test_a_value_is_read_again_after_a_minute() -> None:
    """A change takes effect within a minute."""
    clock = FakeClock()
    cache, reads = _cache(clock)
    assert [cache("a"), cache("a")] == [1, 1]
    clock.advance(timedelta(seconds=60))
    assert (cache("a"), reads) == (2, ["a", "a"])


def test_a_clock_that_is_set_back_does_not_prolong_an_entry() -> None:
    """Otherwise a change would not take effect until the clock has caught up."""
    clock = _SetBack()
    cache, _ = _cache(clock)
    cache("a")
    clock.offset = timedelta(hours=-1)
    assert cache("a") == 2


def test_an_expired_value_is_available_for_a_while() -> None:
    """For a service that does not respond."""
    clock = FakeClock()
    cache, _ = _cache(clock)
    cache("a")
    clock.advance(timedelta(minutes=5))
    assert cache.expired("a", timedelta(minutes=15)) == 1
    assert cache.expired("a", timedelta(minutes=5)) is None
    assert cache.expired("b", timedelta(minutes=15)) is None
