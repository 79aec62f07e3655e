"""Fixtures: people with a history of each kind, and their dossiers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support.connectable import OWN_LIST, Connectable, connectable
from support.template import REPOSITORY
from support.world import PERSON

__all__ = ["HISTORIES", "SCHEMA", "Page", "dossier_of", "page_of", "prove"]

SCHEMA = REPOSITORY / "schemas/cli/dossier.json"
SENTENCE = "Please take me off your list. 谢谢 🙏🏽 شكرا"


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connectable]:
    """A deployment as the commands find it."""
    with connectable(monkeypatch) as made:
        yield made


def keyword(stack: Connectable, folder: Path) -> None:
    """STOP, and a day later STOP again."""
    stack.text("STOP")
    stack.world.pass_time(days=1)
    stack.text("Stop!")


def sentence(stack: Connectable, folder: Path) -> None:
    """A sentence with words in three scripts."""
    stack.text(SENTENCE)


def imported(stack: Connectable, folder: Path) -> None:
    """A line of another provider's file, which does not say who asked."""
    file = folder / "former provider.csv"
    file.write_text(f"phone,date\n+14255550111,2024-05-01T10:00:00Z\n{PERSON},2024-05-02T10:00:00Z\n")
    assert stack.run("import", str(file), "--all-opted-out", "--source", "Former Provider").exit_code == 0
    stack.sweep()


def agent(stack: Connectable, folder: Path) -> None:
    """A telephone call."""
    asked = ("opt-out", PERSON, "--channel", "phone", "--reference", "CASE-4711", "--by", "A. Agent")
    assert stack.run(*asked).exit_code == 0


def restarted(stack: Connectable, folder: Path) -> None:
    """STOP and START twice: the second START comes within 30 days of the first deletion."""
    for body in ("STOP", "START", "STOP", "START"):
        stack.text(body)
        stack.world.pass_time(hours=7)


def drifted(stack: Connectable, folder: Path) -> None:
    """The number vanishes from the list, reconcile finds it, and sweep puts it back."""
    stack.text("STOP")
    stack.world.pass_time(days=2)
    stack.world.aws.delete_opted_out_number(OptOutListName=OWN_LIST, OptedOutNumber=PERSON)
    assert stack.run("reconcile").exit_code == 1
    stack.world.pass_time(minutes=1)
    stack.sweep()


def erased(stack: Connectable, folder: Path) -> None:
    """An opt-out whose history was erased."""
    stack.text("STOP")
    stack.world.pass_time(days=1)
    assert stack.run("erase", PERSON, "--yes").exit_code == 0


HISTORIES: dict[str, Callable[[Connectable, Path], None]] = {
    each.__name__: each for each in (keyword, sentence, imported, agent, restarted, drifted, erased)
}


def prove(stack: Connectable, *options: str) -> Result:
    """The command's result."""
    return stack.run("prove", PERSON, *options)


def dossier_of(stack: Connectable, *options: str) -> Any:
    """The dossier as JSON."""
    result = prove(stack, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def page_of(stack: Connectable, folder: Path, *options: str) -> Page:
    """The dossier as a parsed HTML document."""
    file = folder / "dossier.html"
    result = prove(stack, "-o", str(file), "--force", *options)
    assert result.exit_code == 0, result.output
    return Page(file.read_text(encoding="utf-8"))


class Page(HTMLParser):
    """An HTML document: its elements with their attributes, and its text."""

    VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} is closed in the wrong place"

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self._open), data))

    @property
    def text(self) -> str:
        """The text that a reader sees, with single spaces."""
        seen = "".join(text for within, text in self.texts if not {"style", "title"} & set(within))
        return " ".join(seen.split())

    def within(self, tag: str) -> list[str]:
        """The texts directly or indirectly in elements of a kind."""
        return [text for within, text in self.texts if tag in within]

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]
