"""A Bloom filter of the numbers that were read from the opt-out lists. Its size is constant.

It is our own code, as 50 lines do not justify a dependency (Bloom, 1970; double hashing after Kirsch and Mitzenmacher, 2006).
With a million numbers in the filter, it has less than one false positive in a million look-ups; with five million, one in
five hundred. A false positive hides a missing number from one run. Each run has a different salt, so the next run finds it.
"""

from __future__ import annotations

import zlib
from hashlib import blake2b

__all__ = ["ListedNumbers"]

BITS = 1 << 26
"""Eight megabytes: less than what a function's libraries take."""
PROBES = 6


class ListedNumbers:
    """A Bloom filter of numbers, each with the list that it is on."""

    def __init__(self, salt: str, packed: bytes | None = None) -> None:
        """``packed`` is the result of ``pack`` with the same salt."""
        self._salt = salt.encode()[:16]
        self._bits = bytearray(zlib.decompress(packed)) if packed is not None else bytearray(BITS // 8)

    def add(self, number: str, list_name: str) -> None:
        """Add a number. Adding it again changes nothing."""
        first, step = self._hashed(number, list_name)
        bits = self._bits
        for probe in range(PROBES):
            bit = (first + probe * step) % BITS
            bits[bit >> 3] |= 1 << (bit & 7)

    def may_hold(self, number: str, list_name: str) -> bool:
        """Return False if the number was certainly not added."""
        first, step = self._hashed(number, list_name)
        bits = self._bits
        for probe in range(PROBES):
            bit = (first + probe * step) % BITS
            if not bits[bit >> 3] & 1 << (bit & 7):
                return False
        return True

    def pack(self) -> bytes:
        """Return the filter compressed: some kilobytes for a short list, four megabytes for a million numbers."""
        return zlib.compress(self._bits, 1)

    def _hashed(self, number: str, list_name: str) -> tuple[int, int]:
        digest = blake2b(f"{number} {list_name}".encode(), digest_size=16, salt=self._salt).digest()
        return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
