"""Every `sms-consent` command in README and docs exists, with each of its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main
from support.template import REPOSITORY, template

from sms_consent_cli.main import app

PAGES = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
    REPOSITORY / "examples/pipeline/README.md",
]
ENDS = ("|", "||", "&&", "&", ";", "#", ">", "<")
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(sms-consent [^`]+)`")
_ANCHOR = re.compile(r"\]\(([\w./-]*)#([\w-]+)\)")


def _lines(page: Path) -> Iterator[tuple[str, bool]]:
    """Each of our commands in a page, and whether it is shown to be run as it stands."""
    text = page.read_text()
    for block in _BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if (found := re.search(r"(?:^|&& |--frozen )(sms-consent\s.*)", line.strip())) is not None:
                yield found[1], True
    for inline in _INLINE.findall(text):
        yield inline, False


SHOWN = [(page.name, line, whole) for page in PAGES for line, whole in _lines(page)]


def _words(line: str) -> list[str]:
    words = []
    for word in shlex.split(line, comments=True):
        if word in ENDS:
            break
        words.append(word)
    return words[1:]


def _command(words: list[str]) -> tuple[Any, list[str]]:
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        names = rest.pop(0).rstrip(",").split("|")  # alternatives, as in "lists create|delete"
        for name in names:
            assert name in command.commands, f"there is no command {name}"
        command = command.commands[names[0]]
    return command, rest


@pytest.mark.parametrize(("page", "line", "whole"), SHOWN, ids=lambda each: str(each)[:60])
def test_a_command_that_a_page_shows_exists(page: str, line: str, whole: bool) -> None:
    """By its name and its options; one that is shown to be run also has every argument."""
    command, rest = _command(_words(line))
    names = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        for given in re.findall(r"--[a-z][a-z-]*", word.partition("=")[0]):
            assert given in names | {"--help"}, f"{page}: {command.name} has no option {given}"
    if whole and "…" not in line and "..." not in line:
        try:
            command.make_context(command.name, rest)
        except click.UsageError as error:
            pytest.fail(f"{page}: {line}: {error.format_message()}")


def test_commands_are_found_at_all() -> None:
    """In blocks and in sentences, of the page on deployments too."""
    assert len([line for _, line, whole in SHOWN if whole]) > 15
    assert {"deploy.md", "README.md", "operations.md"} <= {page for page, _, _ in SHOWN}


def test_a_missing_option_is_noticed() -> None:
    """The test of the test."""
    with pytest.raises(AssertionError, match="no option --nothing"):
        test_a_command_that_a_page_shows_exists("x.md", "sms-consent check NUMBER --nothing", whole=False)
    with pytest.raises(AssertionError, match="no command vanish"):
        test_a_command_that_a_page_shows_exists("x.md", "sms-consent lists vanish", whole=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_parameters_that_a_page_gives_exist(page: Path) -> None:
    """As NAME=VALUE, and in the first column of tables on deploying."""
    text = page.read_text()
    given = set(re.findall(r"\b((?:Existing|Inbound|Brand|Support|Alarm|Opt|Body)[A-Za-z]+)=", text))
    outputs = set(template()["Outputs"])
    assert given <= set(template()["Parameters"]) | outputs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_headings_lead_somewhere(page: Path) -> None:
    """Of this repository's own pages."""
    for target, anchor in _ANCHOR.findall(page.read_text()):
        linked = (page.parent / target).resolve() if target else page
        if linked.suffix == ".md" and linked.exists():
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{page.name} links to {target}#{anchor}"
