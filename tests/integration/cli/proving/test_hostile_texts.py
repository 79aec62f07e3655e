"""Texts from outside change nothing in a dossier but what they say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support.connectable import OWN_LIST, Connectable

from sms_consent.domain.decision import Asked, Author
from sms_consent_cli.commands.prove.document import exactly, prose, shown
from sms_consent_cli.shared.terminal_text import printable

from .conftest import SCHEMA, Page, dossier_of, page_of

ALLOWED = frozenset(
    [
        "a",
        "article",
        "bdi",
        "blockquote",
        "body",
        "br",
        "caption",
        "code",
        "h1",
        "h2",
        "h3",
        "head",
        "header",
        "html",
        "li",
        "main",
        "meta",
        "nav",
        "p",
        "section",
        "small",
        "span",
        "strong",
        "style",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "time",
        "title",
        "tr",
        "ul",
    ]
)
MARKUP = "STOP <script>alert(1)</script><img src=x onerror=alert(1)> \"' --> </style> {{ 7*7 }} {% raw %} &lt;"
BIDI = "STOP \u202egnp.exe\u202c \u2066abc\u2069 \u200fאבג\u200e \u061c"
HIDDEN = "STOP\x00\x07\x1b[31m\r\n\u2028\u200b\ufeff\U000e0041\ufdd0 end"
LONG = "STOP " + "あ\u0651🙂‍↔️x" * 1_400
TEXTS = {"markup": MARKUP, "bidi": BIDI, "hidden": HIDDEN, "long": LONG, "word": "STOP " + "x" * 10_000}


def recorded(stack: Connectable, text: str) -> None:
    """A STOP with this text, from an agent's system whose other fields are as hostile."""

    for at, more in enumerate(
        ({}, {"author": Author.AGENT, "body": None, "actor": text[:500], "reference": text[:500]})
    ):
        fields = {"id": f"d{at}", "body": text, "matched": text, "rule": "keyword:aws/STOP", "tier": "KEYWORD"} | more
        decision = stack.world.decision(Asked.OPT_OUT, **fields)
        stack.world.parts.recorder.record(decision, OWN_LIST, reply_from=None)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_adds_no_element_and_is_shown_completely(stack: Connectable, tmp_path: Path, name: str) -> None:
    """Only the template's elements are in the page, and every character of the text is in it, seen or as a code."""
    recorded(stack, TEXTS[name])
    page = page_of(stack, tmp_path, "--show-texts")
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert not any(attribute.startswith("on") for _, attributes in page.elements for attribute in attributes)
    words = "".join(page.within("blockquote"))
    assert re.sub(r"U\+([0-9A-F]{4,6})", lambda code: chr(int(code[1], 16)), words) == TEXTS[name]


@pytest.mark.parametrize("name", TEXTS)
def test_json_has_the_exact_text(stack: Connectable, name: str) -> None:
    """It follows the schema, too."""
    recorded(stack, TEXTS[name])
    dossier = dossier_of(stack, "--show-texts")
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(dossier)
    assert TEXTS[name] in {each["words"]["text"] for each in dossier["requests"]}


@pytest.mark.parametrize("name", TEXTS)
def test_no_mark_of_direction_is_left_in_the_page(stack: Connectable, tmp_path: Path, name: str) -> None:
    """Each is shown as a code: none can reorder what stands beside the text."""
    recorded(stack, TEXTS[name])
    source = page_of(stack, tmp_path, "--show-texts").source
    assert not set(source) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]", source)


def test_the_page_loads_nothing(stack: Connectable, tmp_path: Path) -> None:
    """Nothing from elsewhere, no script, and its own style by its digest only."""
    recorded(stack, MARKUP)
    page = page_of(stack, tmp_path, "--show-texts")
    (policy,) = [each["content"] for each in page.attributes("meta") if "http-equiv" in each]
    assert policy is not None
    (style,) = page.within("style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not {"src", "style", "srcset", "action"} & {name for _, attributes in page.elements for name in attributes}
    assert all((each["href"] or "").startswith("#") for each in page.attributes("a"))
    assert "url(" not in style
    assert "@import" not in style


def test_the_document_can_be_read_by_assistive_technology(stack: Connectable, tmp_path: Path) -> None:
    """Language, headings in order, scopes of table headers, captions, and links that lead somewhere."""
    recorded(stack, BIDI)
    page = page_of(stack, tmp_path, "--show-texts")
    assert page.attributes("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))
    assert all(each.get("scope") in {"col", "row"} for each in page.attributes("th"))
    assert len(page.attributes("caption")) == len(page.attributes("table"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {(each["href"] or "")[1:] for each in page.attributes("a")} <= set(ids)
    assert all(each["dir"] == "auto" for tag in ("bdi", "blockquote") for each in page.attributes(tag))


def test_title_and_running_header_have_the_masked_number(stack: Connectable, tmp_path: Path) -> None:
    """Browsers keep titles in their history, and print them."""
    recorded(stack, "STOP")
    page = page_of(stack, tmp_path)
    assert page.within("title") == ["Consent record of +1425•••0182"]
    assert r"\00002b1425\002022\002022\0020220182" in "".join(page.within("style"))


def test_codes_are_isolated_and_joiners_stay() -> None:
    """Emoji and Persian words need joiners; a lone surrogate cannot be written at all."""
    assert exactly("a\ud83db\n") == 'a<span class="control">U+D83D</span>b\n'
    assert shown("a\nb") == '<bdi dir="auto">a<span class="control">U+000A</span>b</bdi>'
    assert exactly("👨‍👩‍👧 می‌خواهم") == "👨‍👩‍👧 می‌خواهم"


def test_what_a_sentence_quotes_is_isolated() -> None:
    """Also if the quoted text has such marks itself."""
    said = prose("Entered by " + printable("שלום\u2069<b>", quoted=False) + ".")
    assert said == 'Entered by <bdi dir="auto">שלום\\u2069&lt;b&gt;</bdi>.'
    assert Page(f"<p>{said}</p>").text == "Entered by שלום\\u2069<b>."
