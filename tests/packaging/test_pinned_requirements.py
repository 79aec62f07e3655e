"""What ships to Lambda is what is locked: functions/requirements.txt is exported from uv.lock."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
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
    found = {path.name for path in (REPOSITORY / "functions").rglob("*requirements*.txt")}
    assert found == {"requirements.txt"}


def test_the_functions_import_what_ships_and_nothing_else() -> None:
    """A package of the command's, such as boto3 or phonenumbers, is there in tests and missing on Lambda."""
    functions = REPOSITORY / "functions"
    ours = {path.name.removesuffix(".py") for path in functions.iterdir()}
    shipped = {name.replace("-", "_") for name in _exported()} | {"dateutil"}
    imported: dict[str, str] = {}
    for path in functions.rglob("*.py"):
        for node in _imports_when_run(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            imported |= {name.partition(".")[0]: path.name for name in names}
    foreign = {name: where for name, where in imported.items() if name not in ours | shipped | sys.stdlib_module_names}
    assert foreign == {}


def _imports_when_run(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Not those for the type checker."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import) or (isinstance(child, ast.ImportFrom) and not child.level):
            yield child
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _imports_when_run(child)
