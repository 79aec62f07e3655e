"""The HTML form of a dossier: one file without scripts, pictures or anything else from outside."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from sms_consent.domain.evidence import FactKind
from sms_consent.domain.phone_number import mask
from sms_consent.domain.time import as_text
from sms_consent_cli.commands.imports.report import COUNTS
from sms_consent_cli.commands.prove.dossier import Dossier, FactRecord
from sms_consent_cli.commands.prove.time_text import TimeText

__all__ = ["document", "exactly", "prose", "shown"]

_SEEN = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
"""Format characters that stay as they are: joiners, which emoji, Persian and Indic words need, and visible Arabic and Syriac
signs. None of them reorders anything."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that cannot be seen, or have no meaning that is agreed on."""
_OPEN, _CLOSE = "\u2068", "\u2069"
"""The marks that ``terminal_text.isolated`` puts around text from outside."""

_STATUSES = {"OPTED_OUT": "opted out", "OPTED_IN": "opted in", "OPT_IN_PENDING": "opt-in pending, still on the list"}
_ASKED = {
    "OPT_OUT": "Opt-out",
    "OPT_IN": "Opt-in",
    "HELP": "Help",
    "UNCLEAR": "Unclear text",
    "IMPORT_UNDONE": "Import undone",
}
_AUTHORS = {
    "END_USER": "the person, by text",
    "AGENT": "an agent or a system of the company",
    "IMPORT": "an import",
    "AWS": "AWS",
}


def document(dossier: Dossier, times: TimeText) -> str:
    """Return the dossier as an HTML document. Every value is escaped. Only its own style is allowed, by a digest."""
    folder = Path(__file__).parent
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "asked": lambda code: _ASKED.get(code, "Unknown request"),
        "author": lambda code: _AUTHORS.get(code, "not known to this version of the tool"),
        "counted": lambda name: COUNTS.get(name, name),
        "day": times.day,
        "exact": times.exact,
        "exactly": exactly,
        "iso": as_text,
        "local": times.local,
        "prose": prose,
        "sentence": times.moment,
        "shown": shown,
        "status": lambda code: _STATUSES.get(code, "not known to this version of the tool"),
    }
    masked = mask(dossier.number)
    style = Environment(autoescape=False, undefined=StrictUndefined).from_string(  # noqa: S701  CSS; see _css_string
        (folder / "dossier.css").read_text(encoding="utf-8")
    )
    css = style.render(
        running=_css_string(f"Consent record of {masked}"),
        made=_css_string(times.day(dossier.origin.created_at)),
        version=_css_string(dossier.origin.version),
    )
    page = environment.from_string((folder / "dossier.html.j2").read_text(encoding="utf-8"))
    return page.render(
        dossier=dossier,
        followed=_followed(dossier),
        times=times,
        masked=masked,
        style=Markup(css),  # noqa: S704  our own file, and three strings that _css_string has escaped
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
    ).lstrip()


def _followed(dossier: Dossier) -> dict[str, list[FactRecord]]:
    """Return the facts about each request, by the request's reference (R1, R2 …), without its reply, which is shown beside
    it."""
    found: dict[str, list[FactRecord]] = {}
    for fact in dossier.facts:
        if fact.request is not None and fact.kind != FactKind.REPLIED:
            found.setdefault(fact.request, []).append(fact)
    return found


def shown(text: str) -> Markup:
    """Return text from outside on one line, isolated so that it cannot reorder the text around it."""
    return Markup('<bdi dir="auto">{}</bdi>').format(_visible(text, lines=False))


def exactly(text: str) -> Markup:
    """Return text from outside with its line breaks."""
    return _visible(text, lines=True)


def prose(statement: str) -> Markup:
    """Return one of our sentences, with quoted text from outside isolated."""
    parts = statement.split(_OPEN)
    made = [_visible(parts[0], lines=False)]
    for part in parts[1:]:
        quoted, _, rest = part.partition(_CLOSE)
        made += [shown(quoted), _visible(rest, lines=False)]
    return Markup("").join(made)


def _visible(text: str, *, lines: bool) -> Markup:
    """Escape markup, and show invisible characters as codes: control characters, marks of direction, tags, surrogates."""
    if text.isprintable():  # most texts: the characters below are all among those that are not
        return escape(text)
    made: list[Markup | str] = []
    for character in text:
        if (lines and character == "\n") or character in _SEEN or not _is_unseen(character):
            made.append(character)
        else:
            made.append(Markup('<span class="control">U+{:04X}</span>').format(ord(character)))
    return Markup("").join(escape(each) for each in made)


def _is_unseen(character: str) -> bool:
    code = ord(character)
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return is_noncharacter or unicodedata.category(character) in _UNSEEN


def _css_string(text: str) -> str:
    """Return a CSS string: everything but letters, digits and spaces is escaped by its code point."""
    return "".join(each if each.isalnum() or each == " " else f"\\{ord(each):06x}" for each in text)
