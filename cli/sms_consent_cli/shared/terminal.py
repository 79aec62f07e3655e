"""The one way in which a command prints: what came from outside is text to read, never markup, a link or a control sequence."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from sms_consent_cli.shared.terminal_text import contained

__all__ = ["WIDE", "console"]

WIDE = 120  # a pipe has no width
RETURN = "\r"
"""How a count goes on in its own line. In a text, rich removes it."""


class _Terminal(Console):
    """Strings are plain text; control characters are spelt out in whatever is printed, styled text included."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Rich lays out what is shown then, so that a cell keeps its width."""
        return super().render_str(contained(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The control sequences that rich makes itself are no text, and pass."""
        for segment in super().render(renderable, options):
            shown = segment.text if segment.control or segment.text == RETURN else contained(segment.text)
            yield segment if shown == segment.text else Segment(shown, segment.style)


def console(*, stderr: bool = False, wide: int = WIDE) -> Console:
    """As wide as the terminal; where there is none, as ``wide``."""
    made = _Terminal(stderr=stderr, **_PLAIN)
    if made.is_terminal or "COLUMNS" in os.environ:
        return made
    return _Terminal(stderr=stderr, width=wide, **_PLAIN)


_PLAIN: Any = {"markup": False, "emoji": False, "highlight": False}
