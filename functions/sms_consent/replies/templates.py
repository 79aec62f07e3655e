"""Templates of replies, and the requirements that their wording must meet."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sms_consent.domain.reply import ReplyKind

__all__ = ["Template", "TemplateKey", "UnfitReply", "fault_of_text", "language_tag", "shipped", "with_overrides"]

_FIELD = re.compile(r"\{(brand|support)\}")
_LEADING_BRAND = re.compile(r"^\{brand\}\s*[:.,：،]?\s*")
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
# Other ISO 639 codes of languages.
_SAME_LANGUAGE = {"nb": "no", "nn": "no", "iw": "he"}


_SHOWN = 3  # problems in the message: a brand that is too long can be so in eighty texts


class UnfitReply(ValueError):
    """A reply cannot be sent as configured. ``problems`` has a sentence for each problem, with what to do."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        shown = problems[:_SHOWN]
        more = [f"And {len(problems) - _SHOWN} more."] if len(problems) > _SHOWN else []
        super().__init__("\n".join([*shown, *more]))
        self.problems = problems


class TemplateKey(NamedTuple):
    """The name of a template in settings: ``OPT_OUT_CONFIRMATION.en``."""

    kind: ReplyKind
    language: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.language}"


@dataclass(frozen=True, slots=True)
class Template:
    """A wording with the fields ``{brand}`` and ``{support}``."""

    text: str

    def filled(self, brand: str, support_contact: str) -> str:
        """Return the wording with both fields filled in. Braces in a brand stay as they are."""
        values = {"brand": brand, "support": support_contact}
        return _FIELD.sub(lambda field: values[field[1]], self.text)

    def without_brand(self, support_contact: str) -> str:
        """Return the wording without the brand and the punctuation that follows it, for a brand that does not fit."""
        return Template(_LEADING_BRAND.sub("", self.text)).filled("", support_contact).strip()

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(_FIELD.findall(self.text))


def language_tag(language: str) -> str:
    """Return the language under which wordings are stored: ``pt`` for ``pt-BR`` and ``PT_br``, ``no`` for ``nb``."""
    primary = re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
    return _SAME_LANGUAGE.get(primary, primary)


@cache
def shipped() -> Mapping[TemplateKey, Template]:
    """Return the wordings in ``languages/``. Reads the files at the first call."""
    found = {}
    for file in sorted(Path(__file__).with_name("languages").glob("*.json")):
        for kind, text in json.loads(file.read_text(encoding="utf-8"))["replies"].items():
            found[TemplateKey(ReplyKind(kind), file.stem)] = Template(text)
    return MappingProxyType(found)


def with_overrides(overrides: Mapping[str, str]) -> Mapping[TemplateKey, Template]:
    """Return the shipped wordings, replaced or extended by a deployment's own. Raises UnfitReply."""
    own: dict[TemplateKey, Template] = {}
    problems = []
    for name, text in overrides.items():
        kind, _, language = name.strip().partition(".")
        tag = language_tag(language)
        if kind not in ReplyKind.__members__ or not _LANGUAGE.fullmatch(tag):
            kinds = ", ".join(ReplyKind)
            problems.append(f"{name!r} names no reply: write KIND.language, such as HELP.en; the kinds are {kinds}.")
            continue
        key = TemplateKey(ReplyKind(kind), tag)
        if key in own:
            problems.append(f"{key} is given twice: keep one.")
        text = unicodedata.normalize("NFC", text.strip())
        problems += _faults_of_wording(key, text)
        own[key] = Template(text)
    if problems:
        raise UnfitReply(tuple(problems))
    return MappingProxyType({**shipped(), **own})


def fault_of_text(text: str) -> str | None:
    """Return why a text cannot be shown as intended, or None."""
    for char in text:
        category = unicodedata.category(char)
        if category in {"Cc", "Zl", "Zp"}:
            return f"holds the control character U+{ord(char):04X}: remove it, line breaks too"
        if category == "Cs":
            return f"holds half a character, U+{ord(char):04X}: it was cut or decoded wrongly"
    return None


@cache
def _requirements() -> Mapping[ReplyKind, Mapping[str, list[str] | bool]]:
    text = Path(__file__).with_name("requirements.json").read_text(encoding="utf-8")
    return MappingProxyType({ReplyKind(kind): requirement for kind, requirement in json.loads(text).items()})


def _faults_of_wording(key: TemplateKey, text: str) -> list[str]:
    """Return what a template lacks by its kind's requirements. Every sentence begins with the template's name."""
    requirement = _requirements()[key.kind]
    faults = []
    if fault := fault_of_text(text):
        faults.append(f"{key} {fault}.")
    if {"{", "}"} & set(_FIELD.sub("", text)):
        faults.append(
            f"{key} holds braces other than {{brand}} and {{support}}: these two can be filled in, nothing else."
        )
    wanted = requirement["fields"]
    if isinstance(wanted, list):
        faults += [f"{key} lacks {{{field}}}: put it in." for field in wanted if field not in Template(text).fields]
    if not requirement["links"] and _LINK.search(text):
        faults.append(
            f"{key} holds a link: a confirmation of opt-out only confirms (47 CFR 64.1200(a)(12)); "
            "where to ask is what {support} is for."
        )
    if len(_WORD.findall(Template(text).filled("", "support"))) < 2:
        faults.append(f"{key} is a word and not a sentence: another system could take it for a keyword.")
    return faults
