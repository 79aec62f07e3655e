"""Composition of replies: the wording in the person's language with the sender's brand, as long as it fits."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sms_consent.domain.reply import ReplyKind

from .gsm7 import Encoding, Size, measure, outside_alphabet
from .templates import Template, TemplateKey, UnfitReply, fault_of_text, language_tag, with_overrides

__all__ = ["ComposedReply", "Replies", "Unfit"]

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
    """A text to send, and its actual language. The body is empty if no wording fits."""

    kind: ReplyKind
    language: str
    body: str
    unfit: Unfit | None = None


class Replies:
    """The replies of one sender.

    Each is composed when it is first needed. A reply that is too long is sent without the brand, or not at all if it still does
    not fit. Other replies are not affected.
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
        """Raise UnfitReply with every problem at once, so that an engineer corrects settings once.

        With ``checked`` off, as functions use it, no brand, contact or language raises anything. A default language without
        replies is replaced by English.
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
        """Return a reply in a language, or in the default language if it has none.

        Callers pass the language of the keyword: Canadian carriers require an English reply to STOP and a French one to ARRET,
        whatever the programme's language (Canadian Common Short Code Application Guidelines).
        """
        key = TemplateKey(kind, language_tag(language or self._default_language))
        if key not in self._templates:
            key = TemplateKey(kind, self._default_language)
        if (reply := self._composed.get(key)) is None:
            reply = self._composed[key] = self._compose(key)
        return reply

    def unfit(self, languages: Iterable[str] | None = None) -> tuple[Unfit, ...]:
        """Return every reply that is not sent as configured, in some languages or in all."""
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
        """Return a field whose value cannot be sent, and why; None if there is none."""
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
