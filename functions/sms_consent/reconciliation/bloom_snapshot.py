"""Remembers which numbers were read from the lists, in as many bits however many they are: "surely not" or "probably".

A Bloom filter (Bloom, 1970; double hashing after Kirsch and Mitzenmacher, 2006). Its size is chosen for lists of millions:
of a million numbers that it has not seen it takes less than one for seen, of five million about one in five hundred. Each
run hashes otherwise, so that what one run overlooks the next one finds.
"""

from __future__ import annotations

import zlib
from hashlib import blake2b

__all__ = ["ListedNumbers"]

BITS = 1 << 26
"""Eight megabytes: less than what a function's libraries take."""
PROBES = 6


class ListedNumbers:
    """Numbers, each on one list."""

    def __init__(self, salt: str, packed: bytes | None = None) -> None:
        """``packed`` is what ``pack`` gave, under the same salt."""
        self._salt = salt.encode()[:16]
        self._bits = bytearray(zlib.decompress(packed)) if packed is not None else bytearray(BITS // 8)

    def add(self, number: str, list_name: str) -> None:
        """Adding a number again changes nothing: a page that is read again does no harm."""
        first, step = self._hashed(number, list_name)
        bits = self._bits
        for probe in range(PROBES):
            bit = (first + probe * step) % BITS
            bits[bit >> 3] |= 1 << (bit & 7)

    def may_hold(self, number: str, list_name: str) -> bool:
        """False: surely not."""
        first, step = self._hashed(number, list_name)
        bits = self._bits
        for probe in range(PROBES):
            bit = (first + probe * step) % BITS
            if not bits[bit >> 3] & 1 << (bit & 7):
                return False
        return True

    def pack(self) -> bytes:
        """To be kept from one invocation to the next: some kilobytes for a short list, four megabytes for a million."""
        return zlib.compress(self._bits, 1)

    def _hashed(self, number: str, list_name: str) -> tuple[int, int]:
        digest = blake2b(f"{number} {list_name}".encode(), digest_size=16, salt=self._salt).digest()
        return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
