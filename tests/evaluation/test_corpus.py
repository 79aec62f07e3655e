"""What the corpus promises in its README: enough texts, honest labels' shape, and two parts kept apart."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rules.corpus_split import (
    CHAT_FAMILY,
    WRITTEN_FAMILY,
    near_duplicates,
    pairs_across_parts,
    part_of,
    text_id,
    words,
)
from sms_consent_cli.commands.evaluate.corpus import CorpusError, Label, LabelledText, Part, load, load_sms_spam
from sms_consent_cli.commands.evaluate.metrics import CONVERSATION


@pytest.fixture(scope="module")
def dev() -> list[LabelledText]:
    """The texts that rules may be written on."""
    return load(Part.DEV)


@pytest.fixture(scope="module")
def heldout() -> list[LabelledText]:
    """The texts that they may not."""
    return load(Part.HELDOUT)


def test_no_heldout_text_is_a_near_duplicate_of_a_dev_text(
    dev: list[LabelledText], heldout: list[LabelledText]
) -> None:
    """Otherwise a rule written on the one would be measured on itself."""
    assert pairs_across_parts(dev, heldout) == []


def test_every_text_lies_in_the_part_that_was_drawn_for_its_family(
    dev: list[LabelledText], heldout: list[LabelledText]
) -> None:
    """Nobody moves a hard text to the part where it does not count."""
    assert {part_of(example.family) for example in dev} == {Part.DEV}
    assert {part_of(example.family) for example in heldout} == {Part.HELDOUT}


def test_every_text_has_an_id_by_its_content_and_occurs_once(
    dev: list[LabelledText], heldout: list[LabelledText]
) -> None:
    """A report may name a text without showing it."""
    examples = dev + heldout
    assert all(example.id == text_id(example.text, example.language) for example in examples)
    assert len({example.id for example in examples}) == len(examples)


def test_the_heldout_part_is_the_larger_one(dev: list[LabelledText], heldout: list[LabelledText]) -> None:
    """About two thirds of what was drawn, and 2,000 texts without the chat; what was written for dev was not drawn."""
    drawn = [example for example in heldout if not example.family.startswith(CHAT_FAMILY)]
    assert len(drawn) >= 2000
    drawn_dev = [example for example in dev if not example.family.startswith(WRITTEN_FAMILY)]
    assert 0.6 <= len(drawn) / (len(drawn_dev) + len(drawn)) <= 0.7


def test_a_third_of_the_texts_is_innocent_and_hard(dev: list[LabelledText], heldout: list[LabelledText]) -> None:
    """Recall alone is had by opting everybody out; chat does not count as hard."""
    drawn = [example for example in dev + heldout if not example.family.startswith(CHAT_FAMILY)]
    hard = [example for example in drawn if example.label is Label.NONE and example.kind not in CONVERSATION]
    assert len(hard) * 3 >= len(drawn)


def test_bare_keywords_are_at_most_a_tenth_of_the_opt_outs(
    dev: list[LabelledText], heldout: list[LabelledText]
) -> None:
    """Any rule finds those."""
    kinds = Counter(example.kind for example in dev + heldout if example.label is Label.OPT_OUT)
    assert kinds["keyword"] * 10 <= kinds.total()


def test_conversation_is_large_enough_to_show_one_mistake_in_a_thousand(heldout: list[LabelledText]) -> None:
    """Fewer than 1,000 texts could not tell 0.1 % from nothing at all."""
    assert sum(example.kind in CONVERSATION for example in heldout) >= 1000


def test_numbers_in_texts_are_of_the_range_reserved_for_fiction(
    dev: list[LabelledText], heldout: list[LabelledText]
) -> None:
    """Nobody's real number is published: 555-0100 to 0199, and 07700 900000 to 900999, which Ofcom keeps for drama."""
    written = [
        "".join(filter(str.isdigit, number))
        for example in dev + heldout
        for number in re.findall(r"\+?\(?\d[\d() -]{8,}\d", example.text)
    ]
    numbers = [number for number in written if len(number) >= 10]
    assert numbers
    assert [number for number in numbers if not re.fullmatch(r"1?[2-9]\d\d55501\d\d|07700900\d{3}", number)] == []


def test_a_word_replaced_in_a_sentence_makes_a_near_duplicate() -> None:
    """Case, accents and punctuation make no difference, a word in four makes too little."""
    assert near_duplicates(words("Please stop texting me"), words("please stop MESSAGING me!"))
    assert near_duplicates(words("ARRÊT"), words("arret."))


def test_sentences_with_half_their_words_in_common_are_no_near_duplicates() -> None:
    """They may stand in different parts."""
    assert not near_duplicates(words("take me off your list"), words("please take my number off the list"))


def test_a_near_duplicate_across_the_parts_would_be_found() -> None:
    """The check can fail."""
    one = LabelledText("a", "Please stop texting me", Label.OPT_OUT, "en", "sentence", "a")
    other = LabelledText("b", "pls, please stop texting me", Label.OPT_OUT, "en", "sentence", "b")
    assert pairs_across_parts([one], [other]) == [("a", "b")]


def test_a_bad_line_is_refused_by_its_number_without_showing_it(tmp_path: Path) -> None:
    """A message body in an error message is a defect, in a corpus too."""
    (tmp_path / "dev.jsonl").write_text('{"id": "x", "text": "secret", "label": "MAYBE"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"dev\.jsonl, line 1") as refusal:
        load(Part.DEV, tmp_path)
    assert "secret" not in str(refusal.value)


def test_a_missing_corpus_is_said_to_be_missing(tmp_path: Path) -> None:
    """The wheel does not carry it."""
    with pytest.raises(CorpusError, match=r"heldout\.jsonl cannot be read"):
        load(Part.HELDOUT, tmp_path)


def test_the_sms_spam_collection_gives_its_human_messages_as_innocent_chat(tmp_path: Path) -> None:
    """Its spam is written by machines; quotation marks in a message are no CSV quoting."""
    path = tmp_path / "SMSSpamCollection"
    path.write_text('ham\t"See you at 5\nspam\tWIN a prize\nham\tok\n', encoding="utf-8")
    ham = load_sms_spam(path)
    assert [example.text for example in ham] == ['"See you at 5', "ok"]
    assert {(example.label, example.kind) for example in ham} == {(Label.NONE, "sms-spam-ham")}


def test_a_file_that_is_not_the_sms_spam_collection_is_refused(tmp_path: Path) -> None:
    """Rather than measured as an empty conversation."""
    path = tmp_path / "other.csv"
    path.write_text("label,text\nham,hi\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="not the SMS Spam Collection"):
        load_sms_spam(path)


def test_texts_are_added_by_a_command_that_runs() -> None:
    """Its imports follow the packages."""
    command = [sys.executable, "-m", "rules.add_texts", "--help"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own command
    assert "--written" in done.stdout
