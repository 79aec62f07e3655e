"""Composition of replies: the wording in the person's language, with the sender's brand if the text is short enough.

``measure`` counts the parts of a text message. ``with_overrides`` checks a deployment's own wordings. ``Replies`` composes the
replies of one sender.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sms_consent.domain.reply import ReplyKind

__all__ = [
    "ComposedReply",
    "Encoding",
    "Replies",
    "Size",
    "Template",
    "TemplateKey",
    "Unfit",
    "UnfitReply",
    "fault_of_text",
    "language_tag",
    "measure",
    "outside_alphabet",
    "shipped",
]

# Sizes of text messages. The alphabet, the extension table and the sizes are those of 3GPP TS 23.038 (6.1.2.1, 6.2.1, 6.2.1.1)
# and of the concatenation header in TS 23.040 (9.2.3.24.1). AWS counts in the same way and splits at the same places:
# docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-character.html
# Our own table, because the packages on the index encode or transliterate instead of counting, or are under the GPL.

# In the order of the table's codes, 0x00 to 0x7F, without 0x1B, which escapes to the extension table.
# 0x09 is the capital Ç; the small one is not in the alphabet.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_ALPHABET = _BASIC | _EXTENSION


class Encoding(StrEnum):
    """The encodings of a text message. One character outside GSM-7 makes the whole text UCS-2."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


# Units in a single message, and in each part of a longer one: the header of a part takes six octets.
_ALONE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a text. ``units`` are septets in GSM-7 and UTF-16 code units in UCS-2."""

    encoding: Encoding
    units: int
    parts: int


def outside_alphabet(text: str) -> tuple[str, ...]:
    """Return the characters that require UCS-2, each once, in order."""
    return tuple(dict.fromkeys(char for char in text if char not in _ALPHABET))


def measure(text: str) -> Size:
    """Return the size of a text. Escape sequences and surrogate pairs are never split between two parts."""
    if _ALPHABET.issuperset(text):
        encoding, widths = Encoding.GSM_7, [2 if char in _EXTENSION else 1 for char in text]
    else:
        encoding, widths = Encoding.UCS_2, [2 if char > "\uffff" else 1 for char in text]
    units = sum(widths)
    if units <= _ALONE[encoding]:
        return Size(encoding, units, 1)
    parts, filled = 1, 0
    for width in widths:
        if filled + width > _PART[encoding]:
            parts, filled = parts + 1, 0
        filled += width
    return Size(encoding, units, parts)


_FIELD = re.compile(r"\{(brand|support)\}")
_LEADING_BRAND = re.compile(r"^\{brand\}\s*[:.,：،]?\s*")
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
# Other ISO 639 codes of languages.
_SAME_LANGUAGE = {"nb": "no", "nn": "no", "iw": "he"}


_SHOWN = 3  # problems in the message: a brand that is too long can be so in eighty texts


class UnfitReply(ValueError):
    """A reply cannot be sent as configured. ``problems`` has one sentence for each problem, with its fix."""

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
    """Return why a text would not be displayed as intended, or None."""
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
    """Return the requirements that a template violates, one sentence each, beginning with the template's name."""
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


# In GSM-7, one message of 160 characters. In UCS-2, 70 characters are too few for a sentence with brand and contact, so two
# concatenated parts are allowed, which a phone shows as one text.
_MOST = {Encoding.GSM_7: (160, 1), Encoding.UCS_2: (134, 2)}
_NAMES = {"brand": "the brand", "support": "the support contact"}
_PARAMETERS = {"brand": "Brand", "support": "SupportContact"}
_STANDARD_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a reply is not sent as configured. Quotes neither brand nor contact, which may be a phone number."""

    kind: ReplyKind
    language: str
    setting: str
    """The template parameter to change: Brand or SupportContact."""
    reason: str
    """The length, the limit, and what to shorten by how much; or what is wrong with the setting."""
    without_brand: bool
    """Whether the standard wording without the brand is sent instead; otherwise no reply is sent."""
    units: int = 0
    """The length with the brand, in septets of GSM-7 or code units of UCS-2; 0 if the reason is not the length."""
    limit: int = 0


@dataclass(frozen=True, slots=True)
class ComposedReply:
    """A text to send, and the language it is in. The body is empty if no wording is short enough."""

    kind: ReplyKind
    language: str
    body: str
    unfit: Unfit | None = None


class Replies:
    """The replies of one sender.

    Replies are composed when first used. One that is too long is sent without the brand; if it is still too long, it is not
    sent. This does not affect other replies.
    """

    def __init__(
        self,
        *,
        brand: str,
        support_contact: str,
        default_language: str = "en",
        overrides: Mapping[str, str] | None = None,
        checked: bool = True,
    ) -> None:
        """Set up the replies of a sender. Raises UnfitReply with all problems.

        Args:
            checked: Whether an unsuitable brand, contact or language raises UnfitReply. Functions turn it off. A default
                language without replies is then replaced by English.
        """
        self._overrides = dict(overrides or {})
        self._templates = with_overrides(self._overrides)
        self._brand = unicodedata.normalize("NFC", brand.strip())
        self._support_contact = unicodedata.normalize("NFC", support_contact.strip())
        self._default_language = language_tag(default_language)
        self._checked = checked
        self._composed: dict[TemplateKey, ComposedReply] = {}
        if checked and (problems := self._problems()):
            raise UnfitReply(problems)
        if not self._is_complete(self._default_language):
            self._default_language = _STANDARD_LANGUAGE

    @property
    def default_language(self) -> str:
        """The language of a reply if none is given."""
        return self._default_language

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have every kind of reply."""
        every = {key.language for key in self._templates}
        return tuple(sorted(tag for tag in every if self._is_complete(tag)))

    def has_language(self, language: str) -> bool:
        """Return whether a language has every kind of reply."""
        return self._is_complete(language_tag(language))

    def compose(self, kind: ReplyKind, language: str | None) -> ComposedReply:
        """Return a reply in ``language``, or in the default language if there is none in ``language``.

        Pass the language of the keyword: Canadian carriers require an English reply to STOP and a French one to ARRET,
        whatever the programme's language (Canadian Common Short Code Application Guidelines).
        """
        key = TemplateKey(kind, language_tag(language or self._default_language))
        if key not in self._templates:
            key = TemplateKey(kind, self._default_language)
        if (reply := self._composed.get(key)) is None:
            reply = self._composed[key] = self._compose(key)
        return reply

    def bodies(self) -> Iterator[str]:
        """Yield the text of every reply in every language, as it is sent."""
        replies = (self.compose(kind, language) for language in self.languages for kind in ReplyKind)
        return (reply.body for reply in replies if reply.body)

    def unfit(self, languages: Iterable[str] | None = None) -> tuple[Unfit, ...]:
        """Return every reply that cannot be sent as configured, in these languages or in all."""
        tags = self.languages if languages is None else languages
        replies = (self.compose(kind, language) for language in tags for kind in ReplyKind)
        return tuple(reply.unfit for reply in replies if reply.unfit is not None)

    def for_brand(
        self, brand: str | None = None, support_contact: str | None = None, language: str | None = None
    ) -> Replies:
        """Return the same replies for a sender with a separate brand, contact or language, checked in the same way."""
        if language is None or not (self._checked or self._is_complete(language_tag(language))):
            language = self._default_language
        return Replies(
            brand=self._brand if brand is None else brand,
            support_contact=self._support_contact if support_contact is None else support_contact,
            default_language=language,
            overrides=self._overrides,
            checked=self._checked,
        )

    def _compose(self, key: TemplateKey) -> ComposedReply:
        template = self._templates[key]
        body = self._filled(template)
        field, reason = self._unusable(template.fields)
        units = limit = 0
        if field is None:
            size = measure(body)
            if _fits(size):
                return ComposedReply(key.kind, key.language, body)
            reason, units, limit = self._too_long(key, size), size.units, _MOST[size.encoding][0]
        shorter = template.without_brand(self._support_contact)
        contact_is_usable = self._unusable(template.fields & {"support"})[0] is None
        without_brand = contact_is_usable and _fits(measure(shorter))
        # If the reply without the brand does not fit either, only a shorter contact helps.
        setting = _PARAMETERS[field or ("brand" if without_brand or "support" not in template.fields else "support")]
        unfit = Unfit(key.kind, key.language, setting, reason, without_brand, units, limit)
        return ComposedReply(key.kind, key.language, shorter if without_brand else "", unfit)

    def _unusable(self, fields: Iterable[str]) -> tuple[str | None, str]:
        """Return the first of these fields whose value cannot be sent, and why; None if all can."""
        values = {"brand": self._brand, "support": self._support_contact}
        for field in sorted(fields, reverse=True):  # the contact first: without it, there is no reply at all
            if not values[field]:
                return field, f"{_NAMES[field].capitalize()} is empty."
            if fault := fault_of_text(values[field]):
                return field, f"{_NAMES[field].capitalize()} {fault}."
        return None, ""

    def _filled(self, template: Template) -> str:
        return template.filled(self._brand, self._support_contact)

    def _is_complete(self, language: str) -> bool:
        return all(TemplateKey(kind, language) in self._templates for kind in ReplyKind)

    def _problems(self) -> tuple[str, ...]:
        problems = []
        for name, value in ((_NAMES["brand"], self._brand), (_NAMES["support"], self._support_contact)):
            if not value:
                problems.append(
                    f"{name.capitalize()} is empty: a reply must say whom it is from and where help is found."
                )
            elif fault := fault_of_text(value):
                problems.append(f"{name.capitalize()} {fault}.")
        if not self._is_complete(self._default_language):
            known = ", ".join(self.languages)
            problems.append(f"The default language must be one with every reply: {known}, or one given in full.")
        if not problems:
            sizes = {key: measure(self._filled(template)) for key, template in self._templates.items()}
            excess = {key: size for key, size in sizes.items() if not _fits(size)}
            # The longest first: shortening for it mostly shortens enough for all.
            worst_first = sorted(excess.items(), key=lambda each: _MOST[each[1].encoding][0] - each[1].units)
            problems = [self._too_long(key, size) for key, size in worst_first]
        return tuple(problems)

    def _too_long(self, key: TemplateKey, size: Size) -> str:
        """Return the length, the limit and what to do. States lengths and not values, as the contact may be a phone number."""
        template = self._templates[key]
        values = {"brand": self._brand, "support": self._support_contact}
        held = {_NAMES[field]: values[field] for field in sorted(template.fields)}
        units, parts = _MOST[size.encoding]
        most = f"{units} in one message" if parts == 1 else f"{units} in {parts} parts"
        shorten = " or ".join(f"{name} ({len(value)} characters)" for name, value in held.items())
        advice = f"Shorten {shorten} by {max(size.units - units, 1)}, or give a shorter {key}."
        odd = [
            f"{', '.join(f'U+{ord(char):04X}' for char in outside_alphabet(value)[:5])} in {name}"
            for name, value in held.items()
            if outside_alphabet(value)
        ]
        # If the sentence itself needs UCS-2, another spelling of the brand does not help.
        if odd and not outside_alphabet(template.filled("", "")):
            advice += f" Outside GSM-7, which would allow {_MOST[Encoding.GSM_7][0]}: {', '.join(odd)}."
        return f"{key} takes {size.units} {size.encoding} units in {size.parts} parts; at most {most}. {advice}"


def _fits(size: Size) -> bool:
    return size.parts <= _MOST[size.encoding][1]
