"""The Bloom filter of the numbers that were read from the lists."""

from __future__ import annotations

from sms_consent.reconciliation.bloom_snapshot import BITS, ListedNumbers

LIST = "Default"
MILLION = 1_000_000


def _number(index: int) -> str:
    return f"+1{2_000_000_000 + index}"


def test_an_added_number_is_never_reported_as_missing() -> None:
    """Otherwise lists would be looked up in vain; on another list, the same number is another."""
    met = ListedNumbers("a")
    for index in range(2_000):
        met.add(_number(index), LIST)
    assert all(met.may_hold(_number(index), LIST) for index in range(2_000))
    assert not any(met.may_hold(_number(index), "Another") for index in range(2_000))
    assert not any(met.may_hold(_number(index), LIST) for index in range(2_000, 4_000))


def test_it_is_kept_and_taken_up_again() -> None:
    """Packed, a short list takes next to nothing."""
    met = ListedNumbers("a")
    for index in range(100):
        met.add(_number(index), LIST)
    packed = met.pack()
    assert len(packed) < 60_000
    again = ListedNumbers("a", packed)
    assert all(again.may_hold(_number(index), LIST) for index in range(100))
    assert not again.may_hold(_number(100), LIST)


def test_every_run_hashes_otherwise() -> None:
    """What one run takes for met by chance, the next one does not."""
    one, another = ListedNumbers("a"), ListedNumbers("b")
    one.add(_number(1), LIST)
    another.add(_number(1), LIST)
    assert one.pack() != another.pack()


def test_it_is_as_large_for_millions_as_for_one() -> None:
    """Memory does not grow with the list."""
    met = ListedNumbers("a")
    before = len(met._bits)
    for index in range(10_000):
        met.add(_number(index), LIST)
    assert len(met._bits) == before == BITS // 8 == 8 * 1024 * 1024
