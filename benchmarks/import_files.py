"""Files of every kind surveyed as `sms-consent import` does before it writes: time, and peak memory against the limit of 200 MB.

``python benchmarks/import_files.py`` (about 5 GB of disk in the folder for temporary files, some minutes)

A separate process reads each file. It does what the import does before the first request is written: it opens the file,
reads it to its end, and counts what would be imported. No AWS and no local stack are needed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("cli", "functions", "emulator")]

LIMIT_MB = 200
HEADINGS = "Email,Phone,SMS Consent,SMS Consent Timestamp,Source,Note\n"


def main() -> int:
    """Print a line for each file; 1 if one takes more memory than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read is not None:
        sys.stdout.write(json.dumps(_surveyed(arguments.read)) + "\n")
        return 0
    size, lines, worst = int(arguments.gigabytes * 1e9), arguments.lines, 0.0
    files: dict[str, Callable[[Path], None]] = {
        f"{lines:,} lines.csv": lambda path: _text(path, _lines(lines)),
        f"{lines:,} lines.csv.gz": lambda path: _gzip(path, lines),
        f"{lines:,} lines.xlsx": lambda path: _workbook(path, lines),
        f"{lines * 10:,} lines.csv": lambda path: _text(path, _lines(lines * 10)),
        f"{arguments.gigabytes:g} GB with notes.csv": lambda path: _text(path, _lines(size // 4000, note="x" * 3900)),
        f"{arguments.gigabytes:g} GB without a line end.csv": lambda path: _text(path, _one_line(size)),
        f"{arguments.gigabytes:g} GB sparse.csv": lambda path: _sparse(path, size),
        "10,000 columns.csv": lambda path: _text(path, _wide(1_000)),
    }  # fmt: skip
    for name, made in files.items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / name
            made(path)
            size_mb = path.stat().st_size / 1e6
            found = json.loads(subprocess.check_output([sys.executable, __file__, "--read", str(path)]))  # noqa: S603
        worst = max(worst, found["peak_mb"])
        sys.stdout.write(
            f"{name:32} {size_mb:7.0f} MB {found['seconds']:7.1f} s, {found['processor']:6.1f} s of processor time, "
            f"at most {found['peak_mb']:4.0f} MB: {found['result']}\n"
        )
        sys.stdout.flush()
    return 0 if worst <= LIMIT_MB else 1


def _surveyed(path: Path) -> dict[str, object]:
    from datetime import UTC, datetime

    from sms_consent_cli.commands.import_.mapping import FileSurvey
    from sms_consent_cli.commands.import_.number_file import NumberFile
    from sms_consent_cli.commands.import_.row import ColumnSettings
    from sms_consent_cli.shared.usage_error import UsageError
    from sms_consent_cli.shared.written_time import TimeFormat

    started = time.monotonic()
    try:
        file = NumberFile.at(path, {})
        settings = ColumnSettings(
            columns=file.columns, now=datetime.now(UTC), times=TimeFormat(), region=None, as_of=datetime.now(UTC),
            own_list="Default", list_name=lambda given: given, source=None, end_user=False, opt_ins=False,
        )  # fmt: skip
        survey = FileSurvey(file, settings)
        for _ in survey.run():
            pass
        result = survey.counts_shown().partition("\n")[0]
    except UsageError as error:
        result = "refused: " + str(error).partition(": ")[2]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    processor = usage.ru_utime + usage.ru_stime
    return {
        "seconds": time.monotonic() - started,
        "processor": processor,
        "peak_mb": usage.ru_maxrss / 1024,
        "result": result,
    }


def _lines(count: int, note: str = "") -> Iterator[str]:
    yield HEADINGS
    for at in range(count):
        status = "subscribed" if at % 10 == 0 else "unsubscribed"
        when = f"202{at % 6}-0{at % 9 + 1}-1{at % 10}T12:{at // 60 % 60:02}:{at % 60:02}.{at % 1000:03}Z"
        yield f"person{at}@example.com,+1{2_010_000_000 + at * 61},{status},{when},web form,{note}\n"


def _one_line(size: int) -> Iterator[str]:
    return ("x" * 1_000_000 for _ in range(size // 1_000_000))


def _text(path: Path, parts: Iterator[str]) -> None:
    with path.open("w") as out:
        out.writelines(parts)


def _gzip(path: Path, count: int) -> None:
    with gzip.open(path, "wt") as out:
        out.writelines(_lines(count))


def _workbook(path: Path, count: int) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in _lines(count):
        sheet.append(line.rstrip("\n").split(","))
    book.save(path)


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as out:
        os.truncate(out.fileno(), size)


def _wide(count: int) -> Iterator[str]:
    yield "Phone,SMS Opt-out," + ",".join(f"field {at}" for at in range(10_000)) + "\n"
    for at in range(count):
        yield f"+1{2_010_000_000 + at * 61},yes," + ",".join(str(at + place) for place in range(10_000)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
