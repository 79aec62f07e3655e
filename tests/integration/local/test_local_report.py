"""The report in terminals of any width, for any text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from sms_consent.domain.consent import Consent, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState
from sms_consent.inbound.message import InboundMessage
from sms_consent_cli.local.event_files import Record
from sms_consent_cli.local.event_result import EventResult
from sms_consent_cli.local.report import show

AT = datetime(2026, 11, 3, 14, 2, 11, tzinfo=UTC)
PERSON = "+14255550182"
WORDS = InboundMessage(id="id", sender=PERSON, destination="+12125550101", body="STOP", at=AT)
DECISION = Decision(
    id="id", number=PERSON, asked=Asked.OPT_OUT, at=AT, author=Author.END_USER, through="+12125550101",
    tier="KEYWORD", rule="keyword:aws/STOP", matched="STOP",
)  # fmt: skip
CONSENT = Consent(
    number=PERSON, list_name="Default", status=Status.OPTED_OUT, end_user_opted_out=True, decided_at=AT,
    decided_by="id", applied_version=1, listed=True,
)  # fmt: skip
FATE = EventResult(
    record=Record("{}", WORDS, {}),
    decision=DECISION,
    outcome=Outcome.CHANGED,
    consent=CONSENT,
    listing=Listing(at=AT, end_user_opted_out=False),
)


def shown(*results: EventResult, width: int = 120, colours: bool = False) -> str:
    """What a terminal of that width gets."""
    file = StringIO()
    show(Console(file=file, width=width, force_terminal=colours), [("event.json", results)])
    return file.getvalue()


def saying(body: str) -> EventResult:
    """The same result, of other words."""
    return replace(FATE, record=Record("{}", replace(WORDS, body=body), {}))


@pytest.mark.parametrize(
    "body",
    [
        "🛑" * 40,
        "👩\u200d👩\u200d👧" * 20,
        "توقف عن إرسال الرسائل",
        "הסר אותי",
        "\u202eSTOP",
        "停止配信" * 30,
        "[bold]STOP[/bold] [link=http://example.com]x[/link]",
        "\x1b[2J\x07STOP\r\n\tnow",
        "\ud83d",
        "x" * 100_000,
        "",
    ],
)
@pytest.mark.parametrize("width", [116, 120, 200])
def test_no_text_disturbs_the_table(body: str, width: int) -> None:
    """Wide letters, letters from right to left, markup, escape sequences and endless texts stay in their cell."""
    output = shown(saying(body), saying("next"), width=width)
    assert {cell_len(line) for line in output.splitlines() if line[0] in "┏┃┡│├└"} == {width}
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800-\udfff]", output)
    output.encode()


@pytest.mark.parametrize("width", [30, 60, 80, 115])
def test_a_narrow_terminal_gets_an_answer_a_line(width: int) -> None:
    """Six columns would be torn to pieces."""
    output = shown(FATE, width=width)
    answers = dict(re.findall(r"^(\w+) +(\S.*?) *$", output, re.MULTILINE))
    assert answers["text"] == "“STOP”"
    assert answers["intent"] == "OPT_OUT"
    assert answers["consent"] == "OPTED_OUT"
    assert max(map(len, output.splitlines())) <= width


def test_a_right_to_left_text_is_isolated() -> None:
    """Otherwise a terminal that knows the direction of letters turns the table's own columns round."""
    assert "\u2068הסר\u2069" in shown(saying("הסר"))


def test_a_terminal_gets_colours() -> None:
    """A file or a pipe does not."""
    assert "\x1b[31mOPTED_OUT" in shown(FATE, colours=True)
    assert "\x1b" not in shown(FATE)


def test_a_pending_opt_in_says_until_when() -> None:
    """The person asked, and the 30 days are not over."""
    pending = replace(CONSENT, status=Status.OPT_IN_PENDING, held_until=datetime(2026, 12, 3, tzinfo=UTC))
    assert "held until 2026-12-03 00:00:00Z" in shown(replace(FATE, consent=pending), width=80)


def test_an_opt_out_that_is_not_on_the_list_yet_says_so() -> None:
    """It counts all the same."""
    waiting = replace(FATE, consent=replace(CONSENT, applied_version=0), listing=None)
    assert "not applied to the list yet" in shown(waiting, width=80)


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (ReplyState.SKIPPED, "not sent in time", "skipped: not sent in time"),
        (ReplyState.FAILED, "AccessDeniedException", "failed: AccessDeniedException"),
        (ReplyState.DUE, None, "due"),
    ],
)
def test_a_reply_that_was_not_sent_says_why(state: ReplyState, reason: str | None, said: str) -> None:
    """Silence would look like a defect."""
    answer = Reply(
        decision_id="id", kind=ReplyKind.OPT_OUT_CONFIRMATION, language=None, sender="+12125550101", until=AT,
        state=state, reason=reason,
    )  # fmt: skip
    assert re.search(rf"^reply +{said} *$", shown(replace(FATE, answer=answer), width=80), re.MULTILINE)


def test_one_text_is_not_called_texts() -> None:
    """The last line counts."""
    assert shown(FATE).splitlines()[-1] == "1 text, all processed"
    assert shown(FATE, replace(FATE, problem="cut off")).splitlines()[-1] == "2 texts, 1 could not be processed"
