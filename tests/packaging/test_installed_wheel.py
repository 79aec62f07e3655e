"""The wheel, installed into an empty virtual environment, works in a folder without a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.template import REPOSITORY

pytestmark = pytest.mark.slow

PROJECTS = (REPOSITORY, REPOSITORY / "emulator")


@dataclass(frozen=True)
class Installed:
    """A virtual environment that holds this project's wheels and nothing else."""

    wheels: dict[str, Path]
    bin: Path
    elsewhere: Path

    def run(self, *arguments: str, extras: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `sms-consent`; the packages of the `cli` extra come from the environment of the tests."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
        # A folder on PYTHONPATH is searched without its .pth files, so the checkout stays invisible.
        environment |= {"PYTHONPATH": sysconfig.get_path("purelib")} if extras else {}
        return subprocess.run(  # noqa: S603  # the command under test
            [str(self.bin / "sms-consent"), *arguments],
            cwd=self.elsewhere, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build both wheels and install them, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    for project in PROJECTS:
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
        subprocess.run(build, cwd=project, check=True, capture_output=True)  # noqa: S603  # constants
    wheels = {path.name.partition("-")[0]: path for path in (folder / "dist").iterdir()}
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    install = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*install, *map(str, wheels.values())], check=True, capture_output=True)  # noqa: S603  # constants
    (folder / "elsewhere").mkdir()
    return Installed(wheels, binaries, folder / "elsewhere")


def test_top_level_packages_are_unique_to_this_project(installed: Installed) -> None:
    """A top-level `api` or `handlers` would collide with other distributions."""
    tops = {
        name: {file.partition("/")[0] for file in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in file}
        for name, wheel in installed.wheels.items()
    }
    assert tops == {"sms_consent": {"sms_consent", "sms_consent_cli"}, "moto_sms_voice": {"moto_sms_voice"}}


def test_holds_the_functions_as_committed(installed: Installed) -> None:
    """Bytecode and other leftovers of the builder's checkout are not shipped."""
    listed = subprocess.run(
        ["git", "ls-files", "functions", "events", "template.yaml"],  # noqa: S607  # git, as found
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    ).stdout.split("\n")  # fmt: skip
    prefix = "sms_consent_cli/resources/"
    shipped = [name for name in zipfile.ZipFile(installed.wheels["sms_consent"]).namelist() if name.startswith(prefix)]
    assert {name.removeprefix(prefix) for name in shipped} == set(listed) - {""}


def test_prints_its_version(installed: Installed) -> None:
    """`--version` prints the version in pyproject.toml."""
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    assert installed.run("--version").stdout == f"sms-consent {version}\n"


def test_explains_a_text(installed: Installed) -> None:
    """The rules' data is in the wheel."""
    explained = installed.run("explain", "STOP")
    assert explained.returncode == 0, explained.stderr
    assert "OPT_OUT" in explained.stdout


def test_runs_an_event_through_the_local_stack(installed: Installed) -> None:
    """The main job: template, functions and emulator come from the wheels, the event from anywhere."""
    event = installed.elsewhere / "stop.json"
    event.write_text((REPOSITORY / "events" / "stop.json").read_text())
    ran = installed.run("local", str(event))
    assert ran.returncode == 0, ran.stderr
    assert "OPT_OUT" in ran.stdout


def test_has_the_sample_events(installed: Installed) -> None:
    """`events/NAME.json` names a sample event where the folder has no such file."""
    ran = installed.run("local", "events/start.json")
    assert ran.returncode == 0, ran.stderr
    assert "OPT_IN" in ran.stdout


def test_checks_parameters_against_its_template(installed: Installed) -> None:
    """`doctor --parameters` finds the template in the wheel: without it, an unknown parameter is not recognised."""
    (installed.elsewhere / "parameters.json").write_text(json.dumps({"Brend": "Example"}))
    checked = installed.run("doctor", "--parameters", "parameters.json")
    assert checked.returncode == 1, checked.stderr
    assert "Brend" in checked.stdout


def test_evaluate_says_that_the_corpus_is_in_the_source_tree(installed: Installed) -> None:
    """The corpus is not shipped."""
    evaluated = installed.run("evaluate")
    assert evaluated.returncode == 2
    assert "source tree" in evaluated.stderr


def test_a_plain_install_prints_what_to_install(installed: Installed) -> None:
    """Without the packages of the extra there is an instruction instead of a traceback."""
    plain = installed.run("explain", "STOP", extras=False)
    assert plain.returncode == 2
    assert 'pip install "sms-consent[cli]"' in plain.stderr
    assert "Traceback" not in plain.stderr
