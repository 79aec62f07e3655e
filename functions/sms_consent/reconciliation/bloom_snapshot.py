"""A Bloom filter of the numbers that were read from the lists: constant size, with answers "certainly not" or "probably".

Our own, since no library with a stable serialised form is worth a dependency for 50 lines (Bloom, 1970; double hashing after
Kirsch and Mitzenmacher, 2006). It is sized for millions: of a million numbers that were not read it takes less than one for
read, of five million about one in five hundred. Each run has another salt, so what one run misses the next one finds.
"""

from __future__ import annotations

import zlib
from hashlib import blake2b

__all__ = ["ListedNumbers"]

BITS = 1 << 26
"""Eight megabytes: less than what a function's libraries take."""
PROBES = 6


class ListedNumbers:
    """A set of numbers with their lists."""

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
