"""Sizes of text messages, by 3GPP TS 23.038 and 23.040."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_consent.replies.composer import Encoding, Size, measure, outside_alphabet

EXTENSION = "\f^{}\\[~]|€"


def test_a_message_of_160_septets_travels_alone() -> None:
    """160 septets of seven bits are the 140 octets of one message."""
    assert measure("a" * 160) == Size(Encoding.GSM_7, 160, 1)


def test_the_161st_septet_splits_the_text_in_two() -> None:
    """A split text spends six octets a part on its header, so 153 are left."""
    assert measure("a" * 161) == Size(Encoding.GSM_7, 161, 2)
    assert measure("a" * 306).parts == 2
    assert measure("a" * 307).parts == 3


@pytest.mark.parametrize("char", EXTENSION)
def test_a_character_of_the_extension_takes_two_septets(char: str) -> None:
    """It is sent as an escape and a code."""
    assert measure(char) == Size(Encoding.GSM_7, 2, 1)


@pytest.mark.slow
def test_the_alphabet_is_the_127_of_the_table_and_the_ten_of_the_extension() -> None:
    """No character is missing from the tables and none was added."""
    every = (chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF)
    inside = [char for char in every if not outside_alphabet(char)]
    assert sum(measure(char).units == 1 for char in inside) == 127
    assert sum(measure(char).units == 2 for char in inside) == len(EXTENSION)


@pytest.mark.parametrize("char", "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\n\r")
def test_a_letter_of_the_basic_table_takes_one_septet(char: str) -> None:
    """Those that people take for foreign to it are in the table."""
    assert measure(char) == Size(Encoding.GSM_7, 1, 1)


@pytest.mark.parametrize(
    "char", ["ç", "á", "í", "ó", "ú", "ê", "ã", "ı", "ş", "ë", "`", "’", "…", "–", "\t", "Ж", "的"]
)
def test_one_character_outside_the_alphabet_turns_the_whole_text_to_ucs_2(char: str) -> None:
    """There is one encoding for a message, and UCS-2 leaves 70."""
    assert measure("a" * 69 + char) == Size(Encoding.UCS_2, 70, 1)
    assert measure("a" * 70 + char) == Size(Encoding.UCS_2, 71, 2)


def test_in_ucs_2_a_split_text_has_67_units_a_part() -> None:
    """The header takes three of the seventy."""
    assert measure("的" * 134).parts == 2
    assert measure("的" * 135).parts == 3


def test_a_character_outside_the_basic_plane_takes_two_units() -> None:
    """Phones send UTF-16 under the name of UCS-2."""
    assert measure("🛑") == Size(Encoding.UCS_2, 2, 1)


def test_an_escape_is_not_parted_from_its_character() -> None:
    """152 septets, then an escaped one: it moves to the next part whole, and the rest with it."""
    assert measure("a" * 152 + "€" + "a" * 152) == Size(Encoding.GSM_7, 306, 3)


def test_a_surrogate_is_not_parted_from_the_other() -> None:
    """66 units, then a pair: 134 units do not always fit two parts."""
    assert measure("的" * 66 + "🛑" + "的" * 66) == Size(Encoding.UCS_2, 134, 3)


def test_the_characters_that_force_ucs_2_are_named_once_and_in_order() -> None:
    """They are what an engineer has to replace."""
    assert outside_alphabet("Café ’n’ Crêpe™") == ("’", "ê", "™")


@given(st.text(max_size=400))
def test_units_in_ucs_2_are_those_of_utf_16(text: str) -> None:
    """Whatever the text, nothing is lost in counting, and parts follow from units."""
    size = measure(text)
    if size.encoding is Encoding.UCS_2:
        assert size.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    most, part = (160, 153) if size.encoding is Encoding.GSM_7 else (70, 67)
    assert (size.parts == 1) == (size.units <= most)
    assert size.parts >= -(-size.units // part) or size.parts == 1
