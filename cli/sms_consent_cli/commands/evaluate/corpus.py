"""Labelled texts, and the parts of the corpus."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sms_consent_cli.shared.resources import resource_path

CORPUS = resource_path("tests/corpus")


class Label(StrEnum):
    """What a reasonable person understands a text to ask for (47 CFR 64.1200(a)(10)); see tests/corpus/README.md."""

    OPT_OUT = "OPT_OUT"
    OPT_IN = "OPT_IN"
    HELP = "HELP"
    NONE = "NONE"
    UNCLEAR = "UNCLEAR"


class Part(StrEnum):
    """Rules may be written on `dev`; `heldout` measures them on other texts."""

    DEV = "dev"
    HELDOUT = "heldout"
    ALL = "all"


FILES = {
    Part.DEV: ("dev.jsonl",),
    Part.HELDOUT: ("heldout.jsonl", "chat.jsonl"),
    Part.ALL: ("dev.jsonl", "heldout.jsonl", "chat.jsonl"),
}


class CorpusError(Exception):
    """A corpus file is missing, or one of its lines is not a labelled text."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, its label, and the family of near-duplicates that it belongs to."""

    id: str
    text: str
    label: Label
    language: str
    kind: str
    family: str
    note: str = ""


def load(part: Part, directory: Path = CORPUS) -> list[LabelledText]:
    """Return the texts of a part, in the order of its files."""
    return [example for name in FILES[part] for example in _lines(directory / name)]


def _lines(path: Path) -> Iterator[LabelledText]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise CorpusError(f"{path.name} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        if line:
            try:
                row = json.loads(line)
                yield LabelledText(**{**row, "label": Label(row["label"])})
            except (ValueError, TypeError, KeyError) as error:
                # The text is left out of the message: a message body in an error is a defect.
                raise CorpusError(f"{path.name}, line {number}, is not a labelled text") from error


def load_sms_spam(path: Path) -> list[LabelledText]:
    """Return the human messages ("ham") of the UCI SMS Spam Collection v.1, as conversation.

    The file has one message per line: `ham` or `spam`, a tab, the text (archive.ics.uci.edu/dataset/228). The spam is left out:
    it is advertising, not an answer to a company's text.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read as UTF-8 text") from error
    if not rows or any(len(row) < 2 or row[0] not in {"ham", "spam"} for row in rows):
        raise CorpusError(f"{path} is not the SMS Spam Collection: each line is `ham` or `spam`, a tab, the text")
    return [
        LabelledText(f"uci-{number}", "\t".join(row[1:]), Label.NONE, "en", "sms-spam-ham", f"uci-{number}")
        for number, row in enumerate(rows, start=1)
        if row[0] == "ham"
    ]
