"""Exported texts are harmless to spreadsheets and terminals, and an import restores them."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from support.moving import Moving
from support.world import PERSON

from sms_consent_cli.shared.delimited_file import DelimitedRecord, detect_dialect, escape_cell, records, unescape_cell

HOSTILE = [
    "stop texting me [link=https://example.invalid]x[/link]",
    "\x1b]8;;https://example.invalid\x1b\\stop\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[1A\x07STOP\r\nopted in",
    "\u202eSTOP\u2066 \x9b2J\x7f",
    "=HYPERLINK(1)",
    "'=1+1",
    "\t+1",
    " \\u001b\\ \\u005cu001b \\u00e9 \\",
    "\u2028\x85\x00",
]
CELLS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("'=+-@\\u0015b\x1b\x9b\t\r\n\u202e9.", max_size=12)


@given(CELLS)
@example("\\\x1bu001b")
@example("\\u005c\\u001b")
@example("''+1")
def test_a_cell_is_harmless_and_comes_back_as_it_was(text: str) -> None:
    """Through the file as well."""
    cell = escape_cell(text)
    assert unescape_cell(cell) == text
    assert not any(unicodedata.category(each) in {"Cc", "Zl", "Zp"} for each in cell)
    assert not any(
        unicodedata.bidirectional(each) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDI"} for each in cell
    )
    assert cell[:1] not in {"=", "+", "-", "@"} or re.fullmatch("[+-]?[0-9.]+", cell)
    written = io.StringIO()
    csv.writer(written).writerow(["x", cell])
    (record,) = records(written.getvalue().splitlines(keepends=True), detect_dialect("a,b"))
    assert isinstance(record, DelimitedRecord)
    assert unescape_cell(record.cells[1]) == text


@given(CELLS)
def test_a_reject_is_as_harmless_and_means_the_same(text: str) -> None:
    """However often it is given back."""
    assert unescape_cell(escape_cell(unescape_cell(text))) == unescape_cell(text)


def test_texts_survive_an_export_and_an_import(exports: Moving) -> None:
    """As evidence that is read again in another deployment, here on another list."""
    numbers = [f"+1425555{at:04}" for at in range(300, 300 + len(HOSTILE))]
    world = exports.configured.world
    for number, text in zip(numbers, HOSTILE, strict=True):
        world.opt_out(number=number, body=text)
    result = exports.run("--show-texts", "--output", str(exports.folder / "out.csv"))
    assert result.exit_code == 0, result.output
    content = (exports.folder / "out.csv").read_text(encoding="utf-8").replace(",Default,", ",Club,")
    assert not set(content) & set("\x1b\x07\x9b\u202e\x7f\t\x85")
    exports.configured.command = "import"
    exports.done(content.encode())
    imported = {number: exports.consent(number, "Club") for number in numbers}
    bodies = {
        number: each.outbox.body for number, each in imported.items() if each is not None and each.outbox is not None
    }
    assert bodies == dict(zip(numbers, HOSTILE, strict=True))


def test_json_lines_keep_the_exact_text_and_no_byte_that_a_terminal_obeys(exports: Moving) -> None:
    """In ASCII."""
    exports.configured.world.opt_out(number=PERSON, body="".join(HOSTILE))
    written = exports.run("--show-texts", "--format", "jsonl").stdout
    assert written.isascii()
    assert not any(ord(each) < 0x20 for each in written.strip())
    assert json.loads(written)["decision"]["body"] == "".join(HOSTILE)
