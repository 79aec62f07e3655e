"""The size of a text message: encoding, units and parts.

The alphabet, the extension table and the sizes are those of 3GPP TS 23.038 (6.1.2.1, 6.2.1, 6.2.1.1) and of the
concatenation header in TS 23.040 (9.2.3.24.1). AWS counts in the same way and splits at the same places:
docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-character.html

Our own table, because the packages on the index encode or transliterate instead of counting, or are under the GPL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Encoding", "Size", "measure", "outside_alphabet"]

# In the order of the table's codes, 0x00 to 0x7F, without 0x1B, which escapes to the extension table.
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
    """The encodings of a text message. One character outside GSM-7 makes the whole text UCS-2."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


# Units in a single message, and in each part of a longer one: the header of a part takes six octets.
_ALONE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a text. ``units`` are septets in GSM-7 and UTF-16 code units in UCS-2."""

    encoding: Encoding
    units: int
    parts: int


def outside_alphabet(text: str) -> tuple[str, ...]:
    """Return the characters that require UCS-2, each once, in order."""
    return tuple(dict.fromkeys(char for char in text if char not in _ALPHABET))


def measure(text: str) -> Size:
    """Return the size of a text. No part ends between an escape and its character, or between two surrogates."""
    if _ALPHABET.issuperset(text):
        encoding, widths = Encoding.GSM_7, [2 if char in _EXTENSION else 1 for char in text]
    else:
        encoding, widths = Encoding.UCS_2, [2 if char > "\uffff" else 1 for char in text]
    units = sum(widths)
    if units <= _ALONE[encoding]:
        return Size(encoding, units, 1)
    parts, filled = 1, 0
    for width in widths:
        if filled + width > _PART[encoding]:
            parts, filled = parts + 1, 0
        filled += width
    return Size(encoding, units, parts)
