"""The previous release's code beside this one, taken from the repository's history under another package name."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from support.template import REPOSITORY

__all__ = ["COMMIT", "previous"]

COMMIT = "ad28f31"
"""The last commit before items kept what a version does not know."""
PACKAGE = "previous_sms_consent"


def previous(module: str, folder: Path) -> ModuleType:
    """Import a module of the previous release. Skips the test where the history is not at hand, as in a source archive.

    Args:
        module: Its name within the package, such as ``aws.assembly``.
        folder: An empty folder for the code; the first call fills it.
    """
    _unpack(folder)
    return importlib.import_module(f"{PACKAGE}.{module}")


@cache
def _unpack(folder: Path) -> None:
    command = ["git", "-C", str(REPOSITORY), "archive", COMMIT, "functions/sms_consent"]
    answer = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  a fixed command
    if answer.returncode:
        pytest.skip(f"the previous release ({COMMIT}) is not in this copy's history")
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as archive:
        archive.extractall(folder, filter="data")
    package = folder / "functions" / "sms_consent"
    for source in package.rglob("*.py"):
        source.write_text(
            re.sub(r"\b(from|import) sms_consent\b", rf"\1 {PACKAGE}", source.read_text("utf-8")), "utf-8"
        )
    package.rename(package.with_name(PACKAGE))
    sys.path.append(str(folder / "functions"))
