"""How fast and how cheap a text is: one command, a table, and a JSON file.

``python benchmarks/run.py`` builds what is deployed and measures it beside baselines of the same packages, which take turns with
it: what counts is the ratio within each turn. ``--only cold calls`` picks parts,
and leaves the others in the file as they are; ``--turns`` is how often (a figure is a median).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests"), str(HERE.parent)]

from figures import artefact, calls, cold_start, growth, sizes, through_lambda, warm  # noqa: E402  the path comes first
from figures.artefacts import Artefacts, build  # noqa: E402
from figures.pairs import Compared  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

Rows = list[tuple[str, ...]]


def cold(artefacts: Artefacts, turns: int) -> tuple[Rows, Any]:
    """The ratio to the bare handler, by wall clock and by the processor's time, which other programs bend less."""
    compared = cold_start.measure(artefacts, turns)
    rows: Rows = []
    for name in ("sms-consent", "typical", "bare with a STOP"):
        for kind in ("", ", compiled"):
            wall = compared.ratio(name + kind, "bare" + kind, "first STOP")
            processor = compared.ratio(name + kind, "bare" + kind, "processor")
            took = f"{compared.of(name + kind, 'first STOP'):.0f} ms, processor {compared.of(name + kind, 'processor'):.0f} ms"
            rows.append((f"cold start, {name}{kind}", f"{processor:.2f} × bare{kind} (wall {wall:.2f} ×)", took))
    gain = compared.ratio("sms-consent, compiled", "bare", "processor")
    rows.append(("cold start, sms-consent compiled beside bare as built", f"{gain:.2f} ×", ""))
    with cold_start.aws() as port:
        imports = cold_start.costly_imports(artefacts, port)
    everything = {name: _all(compared, name, "first STOP", "processor") for name in compared.names}
    return rows, {"figures": everything, "imports over 5 ms": imports}


def runtime(artefacts: Artefacts, turns: int) -> tuple[Rows, Any]:
    """Through Lambda's runtime client."""
    compared = through_lambda.measure(artefacts, turns)
    rows = [
        (f"cold start through the runtime client, {name}", f"{compared.ratio(name, 'bare', 'first STOP'):.2f} × bare",
         f"{compared.of(name, 'first STOP'):.0f} ms")
        for name in compared.names if name != "bare"
    ]  # fmt: skip
    return rows, {name: _all(compared, name, "first STOP") for name in compared.names}


def counted(_artefacts: Artefacts, _turns: int) -> tuple[Rows, Any]:
    """Calls, units and money."""
    found, priced = calls.measure(), calls.prices()
    rows: Rows = []
    for kind in calls.MIX:
        ours, naive = found["sms-consent"][kind], found["naive"][kind]
        rows.append((
            f"calls for {'an' if kind[0] in 'aeiou' else 'a'} {kind}, without the reply",
            f"{ours.without_reply} (naive: {naive.without_reply})",
            f"{ours.items} items, {ours.bytes} bytes, {ours.write_units:g} write units (naive: {naive.write_units:g})",
        ))  # fmt: skip
    million = {
        who: 1e6 * sum(share * kinds[kind].usd(priced["prices"]) for kind, share in calls.MIX.items())
        for who, kinds in found.items()
    }
    rows.append((
        "DynamoDB and Lambda for a million texts, 3 % first STOPs", f"${million['sms-consent']:.2f} (naive: ${million['naive']:.2f})",
        f"list prices of {priced['region']}, {priced['as_of']}",
    ))  # fmt: skip
    whole = {who: {kind: vars(cost) for kind, cost in kinds.items()} for who, kinds in found.items()}
    return rows, {"by text": whole, "a million": million, "mix": calls.MIX, "prices": priced}


def batches(artefacts: Artefacts, turns: int) -> tuple[Rows, Any]:
    """Wall time of a batch beside that of one text, and memory."""
    compared = warm.measure(artefacts, turns)
    rows: Rows = []
    for name in ("ten", "hundred", "ten, default quotas"):
        rows.append((
            f"warm, a batch of {name}", f"{compared.ratio(name, 'one', 'wall'):.1f} × one text",
            f"{compared.of(name, 'wall'):.0f} ms; processor {compared.of(name, 'processor'):.1f} ms a text",
        ))  # fmt: skip
    rows.append((
        "warm, typical handler, a batch of ten", f"{compared.ratio('typical, ten', 'typical, one', 'wall'):.1f} × one text",
        f"{compared.of('typical, ten', 'wall'):.0f} ms; processor {compared.of('typical, ten', 'processor'):.1f} ms a text",
    ))  # fmt: skip
    peak = max(compared.of(name, "peak") for name in ("one", "ten", "hundred"))
    memory = f"{compared.ratio('hundred', 'typical, ten', 'peak'):.2f} × typical, ten"
    rows.append(("peak memory, a batch of a hundred", memory, f"{peak:.0f} MB of 128 or 256"))
    return rows, {name: _all(compared, name, "wall", "processor", "peak") for name in compared.names}


def grown(_artefacts: Artefacts, _turns: int) -> tuple[Rows, Any]:
    """With much in the ledger."""
    found = [growth.measure(*size) for size in ((10, 0), (10_000, 0), (1_000_000, 0), (10, 1_000_000))]
    rows = [
        (
            f"a repeated STOP, {each['decisions']:,} decisions and {each['numbers']:,} numbers",
            f"{each['calls']:g} calls, {each['items read']:g} items read, {each['items written']:g} written",
            f"processor {each['processor ms'] / found[0]['processor ms']:.2f} × the first",
        )
        for each in found
    ]
    return rows, found


def shipped(artefacts: Artefacts, _turns: int) -> tuple[Rows, Any]:
    """What is in the artefact."""
    ours, baseline = artefact.measure(artefacts.ours), artefact.measure_size(artefacts.baselines)
    rows = [(
        "artefact, unpacked and zipped", f"{ours['unpacked MB'] / baseline[0]:.2f} and {ours['zipped MB'] / baseline[1]:.2f} × typical",
        f"{ours['unpacked MB']:.1f} and {ours['zipped MB']:.1f} MB",
    )]  # fmt: skip
    rows += [
        (f"  {name}", "imported" if part["imported"] else "not imported", f"{part['unpacked MB']:.1f} and {part['zipped MB']:.1f} MB")
        for name, part in ours["parts"].items()
    ]  # fmt: skip
    return rows, ours


def sized(artefacts: Artefacts, turns: int) -> tuple[Rows, Any]:
    """At Lambda's memory sizes, and what a million batches of ten cost there."""
    try:
        found = sizes.measure(artefacts, turns)
    except sizes.Unavailable as missing:
        return [("memory sizes", "not measured", str(missing))], None
    price = calls.prices()["prices"]["lambda_gb_second_arm64"]["usd"]
    rows: Rows = []
    for size, took in found.items():
        spans = ", ".join(f"{name} {took[name]:,.0f}" for name in ("cold start", "one", "ten", "hundred"))
        took["usd"] = 1e6 * price * size / 1024 * took["ten"] / 1000
        rows.append((
            f"at {size} MB, milliseconds", f"cold start {took['cold start'] / found[sizes.SIZES[-1]]['cold start']:.1f} × a whole processor",
            f"{spans}; peak {took['peak']:.0f} MB; a million batches of ten ${took['usd']:.2f}",
        ))  # fmt: skip
    return rows, found


def intents(_artefacts: Artefacts, _turns: int) -> tuple[Rows, Any]:
    """How fast texts are read: every tier, on one core."""
    import intent_speed

    found = intent_speed.figures()
    rows = [
        (f"{name} read a second", f"{1 / found[name][1]:,.0f} × slower than a trimmed exact match", f"{found[name][0]:,.0f}")
        for name in found if not name.startswith("cold start")
    ]  # fmt: skip
    for name, parts in found.items():
        if name.startswith("cold start"):
            imported, ready, further, read = (1000 * part for part in parts)
            took = f"modules {imported + further:.1f} ms, packs {ready + read:.1f} ms"
            rows.append((f"rules at a {name}", "", took))
    return rows, found


PARTS = {
    "cold": cold, "runtime": runtime, "calls": counted, "warm": batches, "growth": grown, "artefact": shipped,
    "sizes": sized, "intents": intents,
}  # fmt: skip


def _all(compared: Compared, name: str, *measures: str) -> dict[str, float]:
    return {measure: round(compared.of(name, measure), 2) for measure in measures}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--turns", type=int, default=11)
    parser.add_argument("--json", type=Path, default=HERE / "figures.json", help="where the figures go")
    arguments = parser.parse_args()
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    artefacts = build()
    table = Table("what", "beside the baseline", "by itself")
    measured: dict[str, Any] = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    for part in arguments.only:
        sys.stderr.write(f"{part} ...\n")
        run = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start",
            "turns": arguments.turns,
        }
        rows, figures = PARTS[part](artefacts, arguments.turns)
        for row in rows:
            table.add_row(*row)
        measured[part] = {"run": run, "measured": figures}
        arguments.json.write_text(json.dumps(measured, indent=2, default=str) + "\n")
    console = Console()
    (console if console.is_terminal else Console(width=150)).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
