"""Each import contract of pyproject.toml fails when one import breaks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.template import REPOSITORY

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
CORE = "functions/sms_consent"
VIOLATIONS = {
    "Arrows between the packages of the functions go down only": (f"{CORE}/domain/errors.py", "sms_consent.sync.sync"),
    "Entry points stand on top, and none of them on another": (f"{CORE}/bootstrap/container.py", "handlers.sweep"),
    "No import cycles": (f"{CORE}/domain/decision.py", "sms_consent.domain.consent"),
    "AWS clients and Powertools only at the edge": (f"{CORE}/sync/sweep.py", "botocore.exceptions"),
    "The schema of the table only in its adapter": (
        "cli/sms_consent_cli/commands/check.py", "sms_consent.adapters.dynamodb.items",
    ),
    "Functions know nothing of the command and the emulator": (f"{CORE}/bootstrap/settings.py", "moto_sms_voice"),
    "The emulator knows nothing of this project": ("emulator/moto_sms_voice/__init__.py", "sms_consent.domain.consent"),
}  # fmt: skip


@pytest.fixture(scope="module")
def linted(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str | None, str | None], subprocess.CompletedProcess[str]]:
    """Lint a copy of the code with one more import."""
    folder = tmp_path_factory.mktemp("copy")
    for each in ("functions", "cli", "emulator"):
        kept_out = shutil.ignore_patterns("__pycache__", "data", "languages", "*.json")
        shutil.copytree(REPOSITORY / each, folder / each, ignore=kept_out)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)

    def lint(file: str | None, imported: str | None) -> subprocess.CompletedProcess[str]:
        path = folder / file if file is not None else None
        source = path.read_text(encoding="utf-8") if path is not None else ""
        if path is not None:
            path.write_text(f"{source}\nimport {imported}\n", encoding="utf-8")
        try:
            search = os.pathsep.join(str(folder / each) for each in ("functions", "cli", "emulator"))
            return subprocess.run(  # noqa: S603  our own interpreter
                [sys.executable, "-c", LINT], cwd=folder, env=os.environ | {"PYTHONPATH": search},
                capture_output=True, text=True, check=False, timeout=300,
            )  # fmt: skip
        finally:
            if path is not None:
                Path(path).write_text(source, encoding="utf-8")

    return lint


@pytest.mark.slow
def test_the_code_as_it_is_keeps_every_contract(linted: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Else the violations below would prove nothing."""
    done = linted(None, None)
    assert done.returncode == 0, done.stdout
    assert all(f"{name} KEPT" in " ".join(done.stdout.split()) for name in VIOLATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("contract", VIOLATIONS)
def test_one_import_breaks_a_contract(contract: str, linted: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """And the linter names it."""
    done = linted(*VIOLATIONS[contract])
    assert done.returncode == 1
    assert f"{contract} BROKEN" in " ".join(done.stdout.split())
