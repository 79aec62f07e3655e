"""Files that are no files of numbers: a clear message, exit code 2, and nothing written."""

from __future__ import annotations

import gzip
import os
from contextlib import closing
from pathlib import Path

import pytest
from support.moving import HEADER, Moving, files_of_at_most
from support.world import PERSON

from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.reject_file import RejectFile
from sms_consent_cli.shared.delimited_file import BrokenLine

LINE = f"{PERSON},2025-03-01\n"


def _refused(imports: Moving, path: Path, *options: str) -> str:
    result = imports.run(path, *options)
    assert (result.exit_code, imports.configured.written()) == (2, []), result.output
    assert "Traceback" not in result.output
    assert sorted(each.name for each in imports.folder.iterdir() if each != path) == []
    return str(result.stderr)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "it is empty (0 bytes)"),
        (b"\x00" * 5000, "it is not text (it has NUL bytes)"),
        (b"%PDF-1.7", "it is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "the old Excel format: save it as .xlsx or CSV"),
        (b'[{"phone": "+14255550182"}]', "it is JSON"),
        (b"<html><table>", "it is XML or HTML"),
        (b"x" * 300_000, "line 1 has more than 262,144 characters"),
        (HEADER.encode() + LINE.encode() * 30 + b"," * 300_000, "line 32 has more than 262,144 characters"),
        (gzip.compress((HEADER + LINE * 2000).encode(), mtime=0)[:-60], "its compressed content is damaged or incomplete"),
        (gzip.compress(gzip.compress(b"x")), "it is compressed twice"),
        (b"\x1f\x8b\x08nonsense", "its compressed content is damaged or incomplete"),
    ],
    ids=["empty", "NUL", "PDF", "old Excel", "JSON", "HTML", "no lines", "a long line", "cut gz", "gz twice", "no gz"],
)  # fmt: skip
def test_a_file_without_numbers_is_refused(imports: Moving, content: bytes, complaint: str) -> None:
    """Before anything is written, with what to do."""
    shown = _refused(imports, imports.file(content))
    assert complaint in shown
    assert "4255550" not in shown


def test_a_folder_and_a_pipe_are_refused(imports: Moving) -> None:
    """A pipe can be read only once, and an import reads its file more than once."""
    assert "it is a folder" in _refused(imports, imports.folder)
    pipe = imports.folder / "pipe"
    os.mkfifo(pipe)
    assert "save it first" in _refused(imports, pipe)


@pytest.mark.slow
def test_ten_thousand_columns_are_listed_in_part(imports: Moving) -> None:
    """The refusal and the mapping stay readable."""
    headings = ",".join(f"field {at}" for at in range(10_000))
    shown = _refused(imports, imports.file(f"{headings}\n"))
    assert "and 9980 more" in shown
    assert len(shown) < 1500
    wide = f"phone,sms opted out,{headings}\n{PERSON},yes{',x' * 10_000}\n"
    shown = imports.done(wide, "--as-of", "2025-03-01").stderr
    assert "more columns that are not read" in shown
    assert len(shown) < 2500
    assert imports.opted_out() == [PERSON]


@pytest.mark.slow
def test_a_nul_byte_rejects_its_line(imports: Moving) -> None:
    """The others are imported."""
    result = imports.run(imports.file(f"{HEADER}{LINE * 400}+1425\x005550183,2025-03-01\n"))
    assert (result.exit_code, imports.opted_out()) == (1, [PERSON])
    (reject,) = imports.rejects()
    assert (reject["import_line"], reject["import_error"]) == ("402", "it has a NUL byte: the file is damaged there")


def test_a_file_that_was_cut_rejects_its_last_line(imports: Moving) -> None:
    """It has fewer cells than the others."""
    result = imports.run(imports.file(f"{HEADER}{LINE}+142555501"))
    assert (result.exit_code, imports.opted_out()) == (1, [PERSON])
    assert imports.rejects()[0]["import_error"] == "it has fewer cells than the first line"


def test_an_unclosed_quotation_mark_costs_one_line(imports: Moving) -> None:
    """Not the rest of the file."""
    imports.run(imports.file(f'{HEADER}"{PERSON},2025-03-01\n{LINE * 30}'))
    assert imports.opted_out() == [PERSON]
    assert len(imports.rejects()) == 1


def test_a_full_disk_stops_before_the_first_request_is_written(imports: Moving) -> None:
    """The journal is written first: without it, an interrupted import could not continue."""
    file = imports.file(HEADER + LINE)
    (imports.folder / "opt-outs.csv.progress.new").symlink_to("/dev/full")
    result = imports.run(file)
    assert (result.exit_code, imports.opted_out()) == (2, [])
    assert "No space left on device" in result.stderr


def test_rejects_are_not_written_to_a_device(imports: Moving) -> None:
    """Renaming or truncating it would break the machine."""
    result = imports.run(imports.file(HEADER + LINE), "--rejects", "/dev/full")
    assert (result.exit_code, imports.configured.written()) == (2, [])
    assert "/dev/full is not a regular file" in result.stderr


def test_a_disk_that_fills_up_while_rejects_are_written_is_an_error(tmp_path: Path) -> None:
    """And the journal does not count what is not on the disk."""
    path = tmp_path / "opt-outs.csv"
    path.write_text(HEADER)

    def fill(rejects: RejectFile) -> None:
        for line in range(5000):
            rejects.add(BrokenLine(line, "x" * 50, "it is broken"), "it is broken")
        rejects.kept()

    rejects = RejectFile(tmp_path / "rejects.csv", NumberFile.at(path, {}))
    with closing(rejects), files_of_at_most(2048), pytest.raises(OSError, match="File too large"):
        fill(rejects)
