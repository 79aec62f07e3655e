"""Console output in which external text cannot act as markup, a link or a control sequence."""

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
"""Lets a counter overwrite its own line. Rich removes it from other text."""


class _Terminal(Console):
    """A console that treats strings as plain text and escapes control characters, also in styled text."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Escape before layout, so that table cells keep their width."""
        return super().render_str(contained(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Escape text segments. Control sequences that rich creates itself pass."""
        for segment in super().render(renderable, options):
            shown = segment.text if segment.control or segment.text == RETURN else contained(segment.text)
            yield segment if shown == segment.text else Segment(shown, segment.style)


def console(*, stderr: bool = False, wide: int = WIDE) -> Console:
    """Return a console with the terminal's width, or ``wide`` columns if there is no terminal."""
    made = _Terminal(stderr=stderr, **_PLAIN)
    if made.is_terminal or "COLUMNS" in os.environ:
        return made
    return _Terminal(stderr=stderr, width=wide, **_PLAIN)


_PLAIN: Any = {"markup": False, "emoji": False, "highlight": False}
