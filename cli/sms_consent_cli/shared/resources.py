"""Where the files are that the command reads beside its own code: template.yaml, functions/, events/ and the corpus."""

from __future__ import annotations

from pathlib import Path

__all__ = ["resource_path"]

_PACKAGED = Path(__file__).resolve().parents[1] / "resources"  # only in an installed wheel: cli/hatch_build.py adds it
_CHECKOUT = Path(__file__).resolve().parents[3]


def resource_path(name: str) -> Path:
    """Return the path of a file or folder by its place in the repository, in a checkout and in a wheel alike.

    The file need not exist: the corpus, for one, is not in the wheel.
    """
    return (_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT) / name
