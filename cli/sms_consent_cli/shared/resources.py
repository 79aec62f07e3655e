"""Paths of the files that come with the command: template.yaml, functions/, events/ and the corpus."""

from __future__ import annotations

from pathlib import Path

__all__ = ["resource_path"]

_PACKAGED = Path(__file__).resolve().parents[1] / "resources"  # only in an installed wheel: cli/hatch_build.py adds it
_CHECKOUT = Path(__file__).resolve().parents[3]


def resource_path(name: str) -> Path:
    """Return the path of a file or folder, given its path in the repository. Works in a checkout and in a wheel.

    The file may not exist: the corpus is not in the wheel.
    """
    return (_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT) / name
