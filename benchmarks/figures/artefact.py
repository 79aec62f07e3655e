"""What ships: how great the built function is, and which parts of it InboundFunction ever imports."""

from __future__ import annotations

import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from figures.artefacts import environment, python313
from figures.cold_start import ISOLATED

__all__ = ["measure", "measure_size"]

LISTING = """
import sys; sys.path.insert(0, sys.argv[1])
import handlers.inbound
print(*{name.partition(".")[0] for name in sys.modules})
"""


def measure(artefact: Path) -> dict[str, Any]:
    """Megabytes, unpacked and zipped, of the whole and of each package, with whether a text ever needs it."""
    command = [python313(), *ISOLATED, "-c", LISTING, str(artefact)]
    found = subprocess.run(command, env=environment(1), capture_output=True, text=True, check=True)
    imported = set(found.stdout.split())
    parts = {path.name: (_unpacked(path), _zipped(path)) for path in artefact.iterdir()}
    shown = {name: sizes for name, sizes in parts.items() if sizes[0] > 0.2}
    return {
        "unpacked MB": sum(unpacked for unpacked, _ in parts.values()),
        "zipped MB": sum(zipped for _, zipped in parts.values()),
        "parts": {
            name: {"unpacked MB": unpacked, "zipped MB": zipped, "imported": name in imported}
            for name, (unpacked, zipped) in sorted(shown.items(), key=lambda each: -each[1][0])
        },
    }


def measure_size(folder: Path) -> tuple[float, float]:
    """Megabytes, unpacked and zipped."""
    return sum(map(_unpacked, folder.iterdir())), sum(map(_zipped, folder.iterdir()))


def _files(path: Path) -> list[Path]:
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def _unpacked(path: Path) -> float:
    return sum(each.stat().st_size for each in _files(path)) / 1e6


def _zipped(path: Path) -> float:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in _files(path):
            archive.write(each, each.relative_to(path.parent))
    return len(packed.getvalue()) / 1e6
