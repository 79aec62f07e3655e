"""The built data and the rules version follow from the sources, and no change of the rules keeps its version."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from rules import build
from rules.build import CHANGELOG, Release, built, content_digest, files, next_release, releases
from sms_consent.intent import RULES_VERSION

pytestmark = pytest.mark.slow

REBUILD = "run: python -m rules.build"
RELEASES = releases(CHANGELOG.read_text(encoding="utf-8"))
LAST_BY_HAND = "2026.11.8"


def test_built_data_is_in_step_with_the_sources() -> None:
    """A deployment runs the words that the sources contain."""
    expected = files(RULES_VERSION, built())
    stale = [path.name for path, text in expected.items() if not path.is_file() or path.read_text("utf-8") != text]
    assert stale == [], REBUILD
    data = next(path for path in expected if path.name == "keywords.json").parent
    assert {path for path in data.rglob("*.json") if path not in expected} == set(), REBUILD


def test_changed_rules_have_a_new_version() -> None:
    """The newest line of rules/CHANGELOG.md has the digest of the built data, and is the version that decisions store."""
    assert RELEASES[0].digest == content_digest(built()), f'{REBUILD} --change "What changed, in one line"'
    assert RELEASES[0].version == RULES_VERSION, REBUILD


def test_later_versions_are_greater() -> None:
    """Compared as text or by their numbers, also with the versions that were set by hand."""
    versions = [each.number for each in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    assert all(number > LAST_BY_HAND for number in versions)
    assert [int(part) for part in versions[-1].split(".")] > [int(part) for part in LAST_BY_HAND.split(".")]


@pytest.mark.parametrize(
    ("newest", "today", "number"),
    [
        ("2026.12.01", date(2026, 12, 4), "2026.12.02"),
        ("2026.12.09", date(2026, 12, 31), "2026.12.10"),
        ("2026.12.09", date(2027, 1, 1), "2027.01.01"),
        ("2027.01.01", date(2026, 12, 31), "2027.01.02"),
    ],
)
def test_the_next_version_counts_within_the_month(newest: str, today: date, number: str) -> None:
    """It is greater than the newest one, also where a clock is wrong."""
    assert next_release(Release(newest, "0" * 8, "before"), "1" * 8, "now", today).number == number > newest


def test_a_changed_word_changes_the_digest() -> None:
    """One word more in one language."""
    content = built()
    before = content_digest(content)
    content["languages/en"]["doubtful"] += " more"
    assert content_digest(content) != before


def test_build_refuses_changed_rules_without_a_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says which command to run, and writes nothing."""
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("- 2026.12.01+00000000: Earlier words\n", encoding="utf-8")
    monkeypatch.setattr(build, "CHANGELOG", changelog)
    monkeypatch.setattr(build, "_INTENT", tmp_path)
    assert build.main([]) == 1
    assert "--change" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [changelog]


def test_build_with_a_description_adds_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new line stands first, and the functions get its version and data."""
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changes\n\n- 2026.12.01+00000000: Earlier words\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "left_over.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(build, "CHANGELOG", changelog)
    monkeypatch.setattr(build, "_INTENT", tmp_path)
    monkeypatch.setattr(build, "_EXPLAIN", tmp_path / "rule_sources.json")
    assert build.main(["--change", "More words"]) == 0
    newest, earlier = releases(changelog.read_text(encoding="utf-8"))
    assert (newest.change, earlier.number) == ("More words", "2026.12.01")
    assert newest.number > earlier.number
    assert f'"{newest.version}"' in (tmp_path / "rules_version.py").read_text(encoding="utf-8")
    assert not (tmp_path / "data" / "left_over.json").exists()
    assert (tmp_path / "data" / "languages" / "en.json").is_file()


def test_the_build_runs_as_a_command() -> None:
    """From the root of a checkout, without a change, it only says the version."""
    root = CHANGELOG.parents[1]
    run = [sys.executable, "-m", "rules.build", "--help"]
    done = subprocess.run(run, cwd=root, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    assert "--change" in done.stdout
