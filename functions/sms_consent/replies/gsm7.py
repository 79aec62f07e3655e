"""How much of a text message a text takes up: its encoding, its units and its parts.

The alphabet, the extension table and the sizes are those of 3GPP TS 23.038 (6.1.2.1, 6.2.1, 6.2.1.1) and of the
concatenation header in TS 23.040 (9.2.3.24.1). AWS counts in the same way and splits at the same places:
docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-character.html

The table stands here rather than in a dependency: the packages looked at encode or transliterate, or are under the
GPL, and this is on the way of every cold start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Encoding", "Size", "measure", "outside_alphabet"]

# In the order of the table's codes, 0x00 to 0x7F, without 0x1B, which only announces a character of the extension.
# 0x09 is the capital Ç; the small one is not in the alphabet.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_ALPHABET = _BASIC | _EXTENSION


class Encoding(StrEnum):
    """The two that a network uses for a text; one character outside the first moves the whole text to the second."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


# Units in a message that travels alone, and in each part of one that is split: the header of a part takes six octets.
_ALONE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}


@dataclass(frozen=True, slots=True)
class Size:
    """What a text takes up; ``units`` are septets in GSM-7 and UTF-16 code units in UCS-2."""

    encoding: Encoding
    units: int
    parts: int


def outside_alphabet(text: str) -> tuple[str, ...]:
    """The characters that force UCS-2, each once, in the order in which they come."""
    return tuple(dict.fromkeys(char for char in text if char not in _ALPHABET))


def measure(text: str) -> Size:
    """Count as the network does: an escape is not parted from its character, nor one surrogate from the other."""
    encoding = Encoding.GSM_7 if _ALPHABET.issuperset(text) else Encoding.UCS_2
    widths = [_width(char, encoding) for char in text]
    units = sum(widths)
    if units <= _ALONE[encoding]:
        return Size(encoding, units, 1)
    parts, filled = 1, 0
    for width in widths:
        if filled + width > _PART[encoding]:
            parts, filled = parts + 1, 0
        filled += width
    return Size(encoding, units, parts)


def _width(char: str, encoding: Encoding) -> int:
    """An escaped character takes two septets, one outside the basic plane two code units."""
    double = char in _EXTENSION if encoding is Encoding.GSM_7 else ord(char) > 0xFFFF
    return 2 if double else 1
