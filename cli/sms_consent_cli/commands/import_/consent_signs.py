"""Signs that an unread column says who opted out: its heading, or its values, in any language."""

from __future__ import annotations

from collections.abc import Collection

from sms_consent_cli.commands.import_.heading import heading_key, heading_words, vocabulary, words_in_all_languages
from sms_consent_cli.commands.import_.status_column import StatusKind, about_texting, status_kind

__all__ = ["ConsentSign", "consent_sign"]

_STATUS = vocabulary("status")
_WORDS = frozenset(_STATUS["signs"]["words"])
_VALUES = frozenset(_STATUS["signs"]["values"])
_YES = frozenset(words_in_all_languages(_STATUS["booleans"]["yes"]))
_NO = frozenset(words_in_all_languages(_STATUS["booleans"]["no"]))
_OTHER_CHANNELS = frozenset(_STATUS["channels"]["other"])
_TIMES = frozenset({StatusKind.TIME_OF_OPT_OUT, StatusKind.TIME_OF_OPT_IN})
_NOT_CONSENT = frozenset(
    {"source", "reason", "url", "ip", "method", "keyword", "by", "form", "text", "copy", "level", "id", "token"}
)
"""Words of headings that describe how consent was given, not whether."""


class ConsentSign(str):
    """The reason why a column looks like consent, for a message."""

    __slots__ = ()


def consent_sign(heading: str, values: Collection[str] | None, *, status_is_certain: bool) -> ConsentSign | None:
    """Return why a column looks like consent, or None.

    Args:
        heading: The heading, or an empty string.
        values: Its different values, or None if they are too many to be a status.
        status_is_certain: Whether another column is known to say who opted out of texts. A yes and a no under an unrelated
            heading (“Tax exempt”) are then no sign.
    """
    words = set(heading_words(heading))
    if (words & _OTHER_CHANNELS or heading_key(heading) in _OTHER_CHANNELS) and not about_texting(heading):
        return None
    kind = status_kind(heading)
    by_name = kind is not None or bool(words & _WORDS) or {"do", "not"} <= words
    if kind in _TIMES:
        return ConsentSign("its heading is a time of opt-ins or opt-outs") if not status_is_certain else None
    keys = {heading_key(value) for value in values if value.strip()} if values is not None else None
    if by_name and not words & _NOT_CONSENT and (keys is None or keys):
        return ConsentSign("by its heading")
    if not keys:
        return None
    if keys <= _VALUES | _YES | _NO and keys & _VALUES:
        return ConsentSign("by its values")
    both = bool(keys & _YES and keys & _NO) or all(len(key) > 1 for key in keys)  # “x” or “1” alone may be anything
    if keys <= _YES | _NO and both and (not status_is_certain or about_texting(heading)):
        return ConsentSign("by its values, yes or no")
    return None
