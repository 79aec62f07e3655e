"""RCS content: the JSON objects that AWS puts into ``messageBody`` of a message to an RCS agent, and their intents.

RCS messages have the same payload as SMS. Plain text is in ``messageBody`` as it is; everything else is a JSON object in it
(user guide of AWS End User Messaging, rcs-inbound and rcs-events). A tapped suggestion:
``{"type":"SUGGESTION","text":"Unsubscribe","postbackData":"promo:off"}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sms_consent.intent.result import NOTHING, RULES_VERSION, Classification, Intent, Tier

__all__ = ["RcsContent", "RcsKind", "classification_of", "content_of", "deciding_text"]

_PREFIX = "RCS_"
_NESTED = 3
"""Levels of objects and arrays in which a text is looked for where it is not a string."""

_TEXTS = frozenset({"text", "caption"})
_TEXTS_WITHIN = _TEXTS | {"body"}
_MEDIA = frozenset({"mediastatus", "s3bucket", "s3key", "mimetype"})
_ORDER = (Intent.OPT_OUT, Intent.UNCLEAR, Intent.OPT_IN, Intent.HELP, Intent.NONE)
"""If one message holds two texts or postbacks, the first of these intents counts."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[{}\[\]:,]', re.DOTALL)


class RcsKind(StrEnum):
    """Kinds of content that is not plain text. Each is counted by a metric."""

    TYPING = "TYPING"
    CONVERSATION_STARTED = "CONVERSATION_STARTED"
    LOCATION = "LOCATION"
    MEDIA = "MEDIA"  # has no type, but the fields of a file in S3
    SUGGESTION = "SUGGESTION"
    SUBSCRIBE = "SUBSCRIBE"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    OTHER = "OTHER"  # a type that is unknown here: AWS adds types without notice (TwoWayRcsEventsEnabled=ALL)
    UNREADABLE = "UNREADABLE"  # looks like JSON and is no JSON object: classified as text

    @property
    def metric(self) -> str:
        """The name of the metric that counts this kind."""
        return f"Rcs{self.value.title().replace('_', '')}"


_KINDS = (
    RcsKind.UNSUBSCRIBE, RcsKind.SUBSCRIBE, RcsKind.SUGGESTION, RcsKind.LOCATION, RcsKind.CONVERSATION_STARTED,
    RcsKind.TYPING,
)  # fmt: skip
"""Values of ``type``. If an object has two of them, the first here counts."""


@dataclass(frozen=True, slots=True)
class RcsContent:
    """The content of one RCS message that can have an intent."""

    kind: RcsKind
    texts: tuple[str, ...] = ()
    """A suggestion's label, a caption, or the text of an unknown type. More than one only if a key occurs twice."""
    postbacks: tuple[str, ...] = ()


class _Object(list[tuple[str, Any]]):
    """A JSON object as pairs, which keeps both values of a repeated key."""


def content_of(body: str) -> RcsContent | None:
    """Parse the body of a message to an RCS agent. Return None for plain text. Never raises."""
    start = body.lstrip().lstrip("\ufeff").lstrip()
    if not start.startswith(("{", "[")):
        return None
    try:
        # Numbers stay strings: Python refuses integers of more than 4,300 digits.
        parsed = json.loads(
            start, object_pairs_hook=_Object, parse_int=str, parse_float=str, parse_constant=str, strict=False
        )
    except RecursionError:
        parsed = _outer_members(start)
    except ValueError:
        parsed = None
    if not isinstance(parsed, _Object):
        return RcsContent(RcsKind.UNREADABLE, (body,))
    return _content(_folded(parsed))


def classification_of(
    content: RcsContent, classify: Callable[[str], Classification], postbacks: Mapping[str, Intent]
) -> Classification:
    """Return the intent of RCS content. An opt-out in any part of it takes precedence.

    The rule names the part: ``event:UNSUBSCRIBE``; ``postback:OPT_IN``; ``label:…`` or ``content:…`` and the rule by which the
    label or another text was classified.

    Args:
        content: The content.
        classify: Classifies a text as if a person had typed it.
        postbacks: The deployment's ``SuggestionPostbacks``.
    """
    by_text = min((classify(text) for text in content.texts), key=_order, default=NOTHING)
    named = replace(by_text, rule=_named(content.kind, by_text.rule))
    if content.kind is RcsKind.UNSUBSCRIBE:
        return _certain(Intent.OPT_OUT, f"event:{content.kind}", content.kind, by_text.language)
    if named.intent is Intent.OPT_OUT:
        return named
    configured = [(postbacks[postback], postback) for postback in content.postbacks if postback in postbacks]
    if configured:
        intent, postback = min(configured, key=lambda each: _ORDER.index(each[0]))
        if intent is Intent.OPT_OUT or content.kind is not RcsKind.SUBSCRIBE:
            return _certain(intent, f"postback:{intent}", postback, by_text.language)
    if content.kind is RcsKind.SUBSCRIBE:
        return _certain(Intent.OPT_IN, f"event:{content.kind}", content.kind, by_text.language)
    return named


def deciding_text(content: RcsContent, classify: Callable[[str], Classification]) -> str | None:
    """Return the text that decides in ``classification_of``, or None if the content has no text."""
    return min(content.texts, key=lambda text: _order(classify(text)), default=None)


def _order(classification: Classification) -> int:
    return _ORDER.index(classification.intent)


def _named(kind: RcsKind, rule: str) -> str:
    if kind is RcsKind.UNREADABLE:
        return rule
    return f"label:{rule}" if kind is RcsKind.SUGGESTION else f"content:{rule}"


def _certain(intent: Intent, rule: str, matched: str, language: str | None) -> Classification:
    """Return the classification of an explicit request, in the tier of whole-message keywords."""
    if intent is Intent.NONE:
        return replace(NOTHING, rule=rule)
    return Classification(intent, Tier.KEYWORD, rule, str(matched), language, RULES_VERSION)


def _content(members: _Object) -> RcsContent:
    kind = _kind(members)
    if kind is RcsKind.TYPING:
        return RcsContent(kind)  # what is being typed was not sent
    texts = [text for key, value in members if key in _TEXTS for text in _strings(value, _NESTED)]
    postbacks = [value for key, value in members if key == "postbackdata" and isinstance(value, str)]
    return RcsContent(kind, tuple(dict.fromkeys(texts)), tuple(dict.fromkeys(postbacks)))


def _kind(members: _Object) -> RcsKind:
    for name in ("type", "eventtype"):
        given = {_type(value) for key, value in members if key == name and isinstance(value, str)}
        if given:
            return next((kind for kind in _KINDS if kind.value in given), RcsKind.OTHER)
    # AWS does not document the payload of a subscription event.
    within = [_kind(_folded(value)) for _, value in members if isinstance(value, _Object)]
    for kind in (RcsKind.UNSUBSCRIBE, RcsKind.SUBSCRIBE):
        if kind in within:
            return kind
    if any(key == "postbackdata" for key, _ in members):
        return RcsKind.SUGGESTION
    return RcsKind.MEDIA if any(key in _MEDIA for key, _ in members) else RcsKind.OTHER


def _folded(members: _Object) -> _Object:
    return _Object((key.casefold(), value) for key, value in members)


def _type(value: str) -> str:
    return value.strip().upper().replace("-", "_").replace(" ", "_").removeprefix(_PREFIX)


def _strings(value: object, levels: int) -> Iterator[str]:
    """Yield the texts in a value, which should be a string."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif levels and isinstance(value, _Object):
        for key, each in value:
            if key.casefold() in _TEXTS_WITHIN:
                yield from _strings(each, levels - 1)
    elif levels and isinstance(value, list):
        for each in value:
            yield from _strings(each, levels - 1)


def _outer_members(body: str) -> _Object:
    """Return the outermost members whose values are strings, of an object that is nested too deeply for the JSON parser."""
    found, depth = _Object(), 0
    key: str | None = None
    last: str | None = None
    for match in _TOKEN.finditer(body):
        part = match.group()
        if part in ("{", "["):
            depth, key = depth + 1, None
        elif part in ("}", "]"):
            depth -= 1
        elif depth != 1:
            continue
        elif part == ":":
            key = last
        elif part == ",":
            key = None
        else:
            last = _string(part)
            if key is not None and last is not None:
                found.append((key, last))
    return found


def _string(quoted: str) -> str | None:
    try:
        value: str = json.loads(quoted, strict=False)
    except ValueError:
        return None
    return value
