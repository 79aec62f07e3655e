"""What ships to Lambda is what is locked: functions/requirements.txt is exported from uv.lock."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from packaging.requirements import Requirement
from support.template import REPOSITORY

EXPORT = "uv export --no-dev --no-emit-project --no-header -o functions/requirements.txt"


def _locked() -> dict[str, dict[str, Any]]:
    lock = tomllib.loads((REPOSITORY / "uv.lock").read_text())
    return {package["name"]: package for package in lock["package"]}


def _needed(packages: dict[str, dict[str, Any]]) -> set[str]:
    needed: set[str] = set()
    waiting = ["sms-consent"]
    while waiting:
        for dependency in packages[waiting.pop()].get("dependencies", []):
            if dependency["name"] not in needed:
                needed.add(dependency["name"])
                waiting.append(dependency["name"])
    return needed


def _exported() -> dict[str, tuple[str, set[str]]]:
    text = (REPOSITORY / "functions" / "requirements.txt").read_text().replace("\\\n", " ")
    exported = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement = Requirement(line.split(" --hash", 1)[0].strip())
            version = str(requirement.specifier).removeprefix("==")
            exported[requirement.name] = (version, set(re.findall(r"--hash=(sha256:[0-9a-f]+)", line)))
    return exported


def test_the_requirements_are_those_of_the_lock_file() -> None:
    """A package more or fewer, or another version, would ship what nobody tested."""
    packages = _locked()
    wanted = {name: packages[name]["version"] for name in _needed(packages)}
    assert {name: version for name, (version, _) in _exported().items()} == wanted, f"run: {EXPORT}"


def test_every_requirement_is_pinned_by_the_locked_hashes() -> None:
    """A file that was swapped on its way is refused by pip."""
    packages = _locked()
    for name, (_, hashes) in _exported().items():
        package = packages[name]
        files = [package["sdist"]] if "sdist" in package else []
        locked = {each["hash"] for each in [*files, *package.get("wheels", [])]}
        assert hashes, f"{name} has no hash"
        assert hashes <= locked, f"{name}: run: {EXPORT}"


def test_no_other_requirements_file_is_in_functions() -> None:
    """The build takes any that it finds."""
    found = {path.name for path in (REPOSITORY / "functions").rglob("*requirements*")}
    assert found == {"requirements.txt"}
