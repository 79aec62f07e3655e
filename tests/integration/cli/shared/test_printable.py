"""External text in a terminal."""

from __future__ import annotations

import pytest

from sms_consent_cli.shared.terminal_text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Stop.", "“Stop.”"),
        ("", "“”"),
        ("a\nb\r\tc", "“a⏎b\\u000d\\u0009c”"),
        ("\x1b[2J", "“\\u001b[2J”"),
        ("\ud83d", "“\\ud83d”"),
        ("\u202eSTOP", "“\\u202eSTOP”"),
        ("[bold]", "“[bold]”"),
        ("הסר", "“\u2068הסר\u2069”"),
        ("x" * 201, f"“{'x' * 200}…”"),
    ],
)
def test_nothing_in_a_text_can_move_a_terminal(text: str, shown: str) -> None:
    """What cannot be shown is spelt out, what is long is cut."""
    assert printable(text) == shown
