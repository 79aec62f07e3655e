"""Numbers moved in and out: the real commands against a local stack in another process, with their times and peak memory.

``python benchmarks/moving_numbers.py --lines 100000``

The import is killed half-way, and goes on. With ``--stocked``, only the export is run, on a ledger that is filled directly with
what such an import leaves once the list has followed: a consent and a decision for each number. With ``--dry-run``, the import
reads the file twice, as it always does, and records nothing.

What is measured is dominated by the local stack's DynamoDB (moto, in Python, on the same machine), so the times say little
about AWS; the commands' own memory and processor time do.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from integration.local.served import COMMAND, environment

BAD = (
    '{short},unsubscribed,{when},"web form"\n',
    '1.42556E+10,unsubscribed,{when},"web form"\n',
    '{number},unsubscribed,{when},"web form\n',
    '{number},perhaps,{when},"web form"\n',
    '{number},unsubscribed,some day,"web form"\n',
    "{number},unsubscribed\n",
)
"""A number too short, one that a spreadsheet has rounded, a quotation mark that is not closed, a status, a time, a half line."""


@dataclass(frozen=True)
class Ran:
    """One command, to its end."""

    seconds: float
    processor: float
    peak_mb: float
    stdout: str
    code: int


def main() -> int:
    """Print a line for each command; 1 if what was imported does not come out again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--stocked", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    lines = arguments.lines
    if arguments.serve:
        return _serve_stocked(lines)
    if arguments.stocked:
        return _export_of(lines)
    with TemporaryDirectory() as folder, _stack() as endpoint:
        file, back = Path(folder) / "opt-outs.csv", Path(folder) / "back.csv"
        bad = _made(file, lines)
        if arguments.dry_run:
            checked = _run(["import", str(file), "--dry-run", "--json"], endpoint)
            _tell("import, dry run", checked)
            return 0 if json.loads(checked.stdout)["rejected"] == bad else 1
        killed = _run(["import", str(file), "--json"], endpoint, kill_at=lines // 2)
        _tell("import, killed half-way", killed)
        rest = _run(["import", str(file), "--json"], endpoint)
        _tell("import, gone on", rest)
        told = json.loads(rest.stdout)
        for form in ("csv", "jsonl"):
            done = _run(["export", "--format", form, "-o", str(back.with_suffix("." + form))], endpoint)
            _tell(f"export to {form}", done)
        with back.open(newline="") as exported:
            there = sum(1 for _ in csv.DictReader(exported))
        with file.with_suffix(".rejects.csv").open(newline="") as rejects:
            rejected = sum(1 for _ in csv.DictReader(rejects))
        sys.stdout.write(f"{lines} lines, {bad} bad: {there} consents, {rejected} in the file of rejects\n")
        return 0 if (there, rejected, told["rejected"]) == (lines - bad, bad, bad) else 1


def _export_of(lines: int) -> int:
    serve = [sys.executable, __file__, "--serve", "--lines", str(lines)]
    with TemporaryDirectory() as folder, _stack(serve) as endpoint:
        back = Path(folder) / "back.csv"
        _tell("export to csv", _run(["export", "-o", str(back)], endpoint))
        with back.open(newline="") as exported:
            there = sum(1 for row in csv.DictReader(exported) if row["source"] == "IMPORT")
        sys.stdout.write(f"{there} consents with their decisions\n")
        return 0 if there == lines else 1


def _serve_stocked(lines: int) -> int:
    """The local stack in this process, with its table filled before it answers anybody."""
    from sms_consent_cli.local import service
    from sms_consent_cli.main import app

    assemble = service.assemble

    def stocked(*arguments: Any) -> Any:
        local = assemble(*arguments)
        _stock(local.table, local.opt_out_list, lines)
        return local

    service.assemble = stocked
    app(["local", "--port", "0"])
    return 0


def _stock(table: str, opt_out_list: str, lines: int) -> None:
    from moto.dynamodb.models import dynamodb_backends

    from sms_consent.adapters.dynamodb.codec import encode
    from sms_consent.domain.consent import Listing
    from sms_consent.domain.decision import Asked, Author, Decision, Outcome
    from sms_consent.domain.transitions import decide
    from sms_consent_cli.local.aws_environment import ACCOUNT, REGION

    stock: Any = dynamodb_backends[ACCOUNT][REGION].tables[table]
    stream, stock.stream_shard = stock.stream_shard, None  # nobody is told of it
    now = datetime.now(UTC)
    for at in range(lines):
        decision = Decision(
            id=f"import-{at:032}", number=f"+1{2_010_000_000 + at * 61}", asked=Asked.OPT_OUT, at=now,
            author=Author.IMPORT, through="import", actor="web form", reference=f"opt-outs.csv:{at + 2}",
        )  # fmt: skip
        _, consent = decide(None, decision, opt_out_list, now=now, lease=None, answer=None)
        assert consent is not None
        listing = Listing(at=now, end_user_opted_out=False)
        settled = replace(consent, applied_version=1, listed=True, listing=listing, due=None, due_at=None, outbox=None)
        stock.put_item(encode(settled))
        stock.put_item(encode(decision, {"outcome": Outcome.CHANGED, "recorded_at": now}))
    stock.stream_shard = stream


@contextmanager
def _stack(serve: list[str] | None = None) -> Iterator[dict[str, str]]:
    """The local stack in a separate process, and the environment that points a command at it."""
    process = subprocess.Popen(  # noqa: S603  our own command
        serve or [*COMMAND, "local", "--port", "0"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield {"AWS_ENDPOINT_URL": json.loads(process.stdout.readline())["aws_endpoint"]}
    finally:
        process.kill()  # it may be in the middle of a sweep, and nothing of it is wanted any more
        process.wait()
        process.stdout.close()


def _made(file: Path, lines: int) -> int:
    random, bad = Random(6), 0
    with file.open("w") as out:
        out.write("Phone Number,SMS Consent,SMS Consent Timestamp,Source\n")
        for at in range(lines):
            number = f"+1{2_010_000_000 + at * 61}"
            when = f"202{at % 6}-0{at % 9 + 1}-1{at % 10}T12:00:00Z"
            if at % 100 == 50:
                out.write(random.choice(BAD).format(number=number, short=number[:-3], when=when))
                bad += 1
            else:
                out.write(f'{number},unsubscribed,{when},"web form"\n')
    return bad


def _run(arguments: list[str], endpoint: dict[str, str], kill_at: int | None = None) -> Ran:
    started = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  our own command
        [*COMMAND, *arguments], env=environment(**endpoint), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    journal = Path(arguments[1] + ".progress")
    while kill_at is not None:
        time.sleep(0.2)
        if process.poll() is not None or (journal.exists() and json.loads(journal.read_text())["line"] >= kill_at):
            process.send_signal(signal.SIGKILL)
            kill_at = None
    assert process.stdout is not None
    stdout = process.stdout.read().decode()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, stdout, process.returncode)


def _tell(what: str, ran: Ran) -> None:
    sys.stdout.write(
        f"{what:24} {ran.seconds:7.1f} s, {ran.processor:6.1f} s of processor time, "
        f"at most {ran.peak_mb:4.0f} MB, exit code {ran.code}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
