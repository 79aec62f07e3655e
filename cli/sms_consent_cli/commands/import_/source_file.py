"""The content of an imported file: plain or compressed text in any common encoding, or a workbook. Read in bounded memory."""

from __future__ import annotations

import gzip
import io
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TextIO

from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["LONGEST_LINE", "SourceKind", "file_errors", "source_kind", "text_lines"]

LONGEST_LINE = 256 * 1024
"""Characters of a line. A file of numbers has no such lines, and each is held in memory."""
SNIFFED = 4096


class SourceKind(StrEnum):
    """The kind of a file."""

    TEXT = "text"
    GZIP = "gzip"
    WORKBOOK = "workbook"


_OTHER_FORMATS: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "it is a workbook in the old Excel format: save it as .xlsx or CSV"),
    (b"%PDF", "it is a PDF: export the numbers as CSV"),
    (b"BZh", "it is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "it is compressed with xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd: unpack it first"),
    (b"7z\xbc\xaf", "it is an archive: unpack it first"),
    (b"Rar!", "it is an archive: unpack it first"),
    (b"PAR1", "it is a Parquet file: export the numbers as CSV"),
    (b"SQLite format 3", "it is a database: export the numbers as CSV"),
)
_MARKUP = re.compile(rb"\s*(?:(?P<json>[\[{]\s*[\"{\[])|(?P<xml><[?!a-zA-Z]))")
_UNDECODED = re.compile("[\udc80-\udcff]")


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Convert errors of reading the file, in the ``with`` block, into UsageError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(f"{path}: its compressed content is damaged or incomplete: copy or export it again") from error
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or 'not text'}") from error


def source_kind(path: Path) -> SourceKind:
    """Return whether a file is text, compressed text or a workbook. Raises UsageError if it is none of them."""
    with file_errors(path):
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UsageError(f"{path}: it is a folder: name a file in it")
        if not stat.S_ISREG(mode):
            raise UsageError(
                f"{path}: it is not a file on disk, and an import reads its file more than once: save it first"
            )
        with path.open("rb") as file:
            start = file.read(SNIFFED)
        if not start:
            raise UsageError(f"{path}: it is empty (0 bytes): export it again")
        if start.startswith(b"PK\x03\x04"):
            return SourceKind.WORKBOOK
        if not start.startswith(b"\x1f\x8b"):
            _refuse(path, start)
            return SourceKind.TEXT
        with gzip.open(path) as unpacked:
            start = unpacked.read(SNIFFED)
        if start.startswith((b"PK\x03\x04", b"\x1f\x8b")):
            raise UsageError(f"{path}: it is compressed twice: unpack it first")
        _refuse(path, start)
        return SourceKind.GZIP


def _refuse(path: Path, start: bytes) -> None:
    """Raise UsageError if the first bytes of a file are not those of delimited text."""
    for magic, reason in _OTHER_FORMATS:
        if start.startswith(magic):
            raise UsageError(f"{path}: {reason}")
    if (markup := _MARKUP.match(start)) is not None:
        raise UsageError(f"{path}: it is {'JSON' if markup['json'] else 'XML or HTML'}: export the numbers as CSV")
    if b"\x00" in start and _encoding(start) == "utf-8-sig":
        raise UsageError(f"{path}: it is not text (it has NUL bytes): export it as CSV")


def text_lines(path: Path, kind: SourceKind) -> Iterator[str]:
    """Yield the lines of a text file with their line ends, in bounded memory.

    UTF-8, UTF-16 and UTF-32 are recognised. Each line that is not valid UTF-8 is read as Windows-1252: files are often put
    together from several. Raises UsageError if the file cannot be read to its end.
    """
    with file_errors(path), _open(path, kind) as text:
        number = 0
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise UsageError(
                    f"{path}: line {number} has more than {LONGEST_LINE:,} characters: it is no file with a number on each line"
                )
            yield line if line.isascii() or not _UNDECODED.search(line) else _decoded(line)


def _decoded(line: str) -> str:
    raw = line.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@contextmanager
def _open(path: Path, kind: SourceKind) -> Iterator[TextIO]:
    with path.open("rb") as file:
        binary: BinaryIO = gzip.GzipFile(fileobj=file) if kind is SourceKind.GZIP else file  # type: ignore[assignment]
        encoding = _encoding(binary.read(SNIFFED))
        binary.seek(0)
        errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
        with io.TextIOWrapper(binary, encoding=encoding, errors=errors, newline="") as text:
            yield text


def _encoding(start: bytes) -> str:
    """Return the encoding of a text, from its byte order mark or the positions of its NUL bytes."""
    if start.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    half = len(start) // 2
    if half and start[1::2].count(0) > 0.6 * half and start[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and start[::2].count(0) > 0.6 * half and start[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return "utf-8-sig"
