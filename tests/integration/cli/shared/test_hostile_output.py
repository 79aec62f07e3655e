"""External text in a command's output cannot colour, link, move or end what a terminal shows."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import Result
from rich.progress import Progress
from rich.table import Table
from rich.text import Text
from support.configured import ARN, Configured, configured
from support.inbound_function import inbound_function
from support.world import LIST, OURS, PERSON
from typer.testing import CliRunner

import sms_consent_cli
from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import encode, to_attributes
from sms_consent.adapters.dynamodb.known_lists import known_lists_item
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.adapters.sqs.dead_letters import DeadLetters
from sms_consent.domain.consent import Consent, Drift, DriftKind, Due, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.ports import Sender
from sms_consent.domain.propagation import KnownList
from sms_consent.domain.rejections import RejectedWork
from sms_consent.domain.reply import Reply, ReplyKind, ReplyState
from sms_consent_cli.commands.connect.report import ConnectReport
from sms_consent_cli.commands.connect.verdict import bad
from sms_consent_cli.local.event_files import Record
from sms_consent_cli.local.event_result import EventResult
from sms_consent_cli.local.report import show
from sms_consent_cli.main import app
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import say, say_json

pytestmark = pytest.mark.slow

EVIL = (
    "stop [link=https://example.invalid]x[/link] [/b] [bold]b :bomb: \x1b]8;;https://example.invalid\x1b\\y\x1b]8;;\x1b\\"
    " \x1b[2J\x1b[1A\x9b2J \x07\x08 \u202eevil\u2066 \r\nFAKED: opted in\u2028\x85"
)
SHOWN = "stop [link=https://example.invalid]x[/link] [/b] [bold]b :bomb: \\u001b]8;;https://example.invalid"
TAME = "[link=https://example.invalid]x[/b]"
STYLES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
"""What rich itself writes in a terminal: colours, and the control of a progress bar."""
WIDE = {"COLUMNS": "4000", "TERM": "xterm"}


def harmless(output: str, *, styled: bool = False) -> str:
    """Text and line breaks, and no line that a text from outside begins; marks that isolate words are closed."""
    rest = STYLES.sub("", output).replace("\r", "") if styled else output
    bad = {
        f"U+{ord(each):04X}" for each in rest if each != "\n" and unicodedata.category(each) in {"Cc", "Zl", "Zp", "Cs"}
    }
    bad |= {each for each in map(unicodedata.bidirectional, rest) if each in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI"}}
    assert not bad, (bad, rest)
    assert "\x1b]" not in output
    assert rest.count("\u2068") == rest.count("\u2069")
    assert not re.search("^ *FAKED", rest, re.MULTILINE), rest
    return rest


def run(
    *arguments: object, code: int | None = 0, first: Callable[[], object] = lambda: None, **environment: str
) -> str:
    """A command, in a pipe and in a terminal."""
    shown = []
    for more in ({},) if "--json" in arguments else ({}, {"FORCE_COLOR": "1"}):
        first()
        with patch.dict("os.environ", WIDE | more | environment):
            result: Result = CliRunner().invoke(app, [str(each) for each in arguments], env=WIDE | more | environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert code is None or result.exit_code == code, result.output
        shown.append(harmless(result.stdout + result.stderr, styled=bool(more)))
    return shown[0]


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configured]:
    """Whose ledger is hostile wherever text from outside may stand."""
    with configured(monkeypatch, "") as made:
        made.deploy(AdditionalOptOutListArns=ARN + "Club")
        monkeypatch.setattr(Deployment, "dynamodb_for", lambda *_: clients.dynamodb())
        _poison(made)
        made.world.pass_time(minutes=1)
        yield made


def _poison(made: Configured) -> None:
    now = made.world.parts.clock.now()
    ledger = made.world.parts.ledger
    for author in Author:
        decision = Decision(
            id=f"decision-{author.value}", number=PERSON, asked=Asked.OPT_OUT, at=now + timedelta(seconds=len(author.value)),
            author=author, through=EVIL, tier=EVIL, rule=EVIL, matched=EVIL, language="en", rules_version=EVIL, body=EVIL,
            actor=EVIL, reference=EVIL, end_user=None if author is not Author.IMPORT else True,
        )  # fmt: skip
        ledger.append(decision, Outcome.CHANGED, now)
    answer = Reply(
        decision_id=decision.id, kind=ReplyKind.OPT_OUT_CONFIRMATION, language="en", sender=OURS, until=now,
        state=ReplyState.FAILED, reason=EVIL,
    )  # fmt: skip
    for name in (EVIL, LIST):
        consent = Consent(
            number=PERSON, list_name=name, status=Status.OPTED_OUT, end_user_opted_out=True, decided_at=decision.at,
            decided_by=decision.id, refusal=EVIL, answer=answer, listed=True, listing=Listing(at=now, end_user_opted_out=True),
            due=Due.OPT_OUT, due_at=now,
        )  # fmt: skip
        ledger.save(consent, replacing=None)
    drift = Drift(
        number=PERSON, list_name=EVIL, kind=DriftKind.NOT_LISTED, found_at=now, status=Status.OPTED_OUT, listing=None
    )
    sender = Sender(identity=EVIL, list_name=EVIL, brand=EVIL, support_contact=EVIL, language=EVIL)
    SenderStore(clients.dynamodb(), made.world.table).write(sender)
    rejected = RejectedWork(
        number=PERSON, list_name=EVIL, reason=EVIL, since=now, rejections=5, version=1, due_at=now, revision=1
    )
    known = to_attributes(known_lists_item([KnownList(name=EVIL, group=EVIL)], 9))
    for item in (encode(rejected), encode(drift), known):
        clients.dynamodb().put_item(TableName=made.world.table, Item=item)


@pytest.mark.slow
def test_what_is_known_of_a_person_is_shown_as_text(deployment: Configured) -> None:
    """The list, the refusal, the text, the rule, the actor, the reference and the reason of a reply that failed."""
    assert SHOWN in run("check", PERSON)
    assert run("history", PERSON, "--show-texts").count(SHOWN) >= 10
    assert SHOWN in run("history", PERSON)
    assert SHOWN in run("prove", PERSON, "--show-texts")
    assert "kept" in run("erase", PERSON, "--dry-run", code=None).lower()
    for command in ("opt-out", "opt-in"):
        run(command, PERSON, "--list", EVIL, "--by", "alice", code=2)


def test_json_has_every_text_exactly(deployment: Configured) -> None:
    """And in ASCII."""
    assert json.loads(run("check", PERSON, "--json"))["consents"][1]["optOutList"] in {EVIL, LIST}
    assert json.loads(run("history", PERSON, "--json"))["decisions"][0]["body"] == EVIL
    assert EVIL in {
        each["words"]["text"] for each in json.loads(run("prove", PERSON, "--show-texts", "--json"))["requests"]
    }
    assert json.loads(run("senders", "list", "--json"))[0]["brand"] == EVIL
    (line,) = [each for each in run("export", "--format", "jsonl", "--show-texts").splitlines() if "FAKED" in each][:1]
    assert json.loads(line)["decision"]["body"] == EVIL


@pytest.mark.slow
def test_settings_and_lists_are_shown_as_text(deployment: Configured) -> None:
    """Senders, brands, contacts, lists and their groups; and what is refused with a name in it."""
    assert run("senders", "list").count(SHOWN) >= 4
    assert SHOWN in run("lists", "list")
    for arguments in (
        ("senders", "set", EVIL), ("senders", "set", OURS, "--list", EVIL), ("senders", "set", OURS, "--language", EVIL),
        ("senders", "remove", EVIL), ("lists", "describe", EVIL), ("lists", "set", EVIL), ("lists", "set", LIST, "--group", EVIL),
        ("lists", "forget", EVIL), ("lists", "delete", EVIL), ("lists", "create", EVIL), ("connect", EVIL), ("disconnect", EVIL),
        ("check", EVIL), ("history", PERSON, "--country", EVIL), ("check", PERSON, "--table", EVIL), ("import", EVIL),
        ("check", PERSON, "--stack", TAME), ("export", "--output", f"/{EVIL}/x"),
        ("prove", PERSON, "--output", f"/{EVIL}/x.html"), ("prove", PERSON, "--output", EVIL),
        ("dead-letters", "list", "--stack", TAME),
        ("reconcile", "--stack", TAME), ("evaluate", "--corpus", EVIL), ("local", EVIL), ("explain", EVIL, EVIL),
    ):  # fmt: skip
        run(*arguments, code=None)


def test_rejected_numbers_and_settings_that_are_checked_are_shown_as_text(
    deployment: Configured, tmp_path: Path
) -> None:
    """AWS's reason, the list, and a setting that cannot work."""
    assert run("rejected", "list").count(SHOWN) == 2
    parameters = tmp_path / "parameters.json"
    parameters.write_text(json.dumps([{"ParameterKey": "Brand", "ParameterValue": EVIL}, {"ParameterKey": EVIL}]))
    run("doctor", "--parameters", parameters, code=None)


def test_an_export_to_a_terminal_is_text(deployment: Configured) -> None:
    """Also as CSV, whose cells an import reads as they were."""
    shown = run("export", "--show-texts")
    assert SHOWN in shown
    assert "\\u001b[2J" in shown


def test_reconcile_names_lists_as_text(deployment: Configured) -> None:
    """Of what differs, and of what cannot be read."""
    deployment.world.aws.delete_opted_out_number(
        OptOutListName=LIST, OptedOutNumber=PERSON
    ) if deployment.world.listed() else None
    run("reconcile", "--numbers", code=None)
    run("reconcile", "--numbers", "--json", code=None)


def test_an_import_shows_headings_and_cells_as_text(deployment: Configured, tmp_path: Path) -> None:
    """And its rejects are as harmless."""

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    name = tmp_path / "[bold]opt-outs.csv"
    evil = cell(
        re.sub("[0-9]", "", EVIL)
    )  # text with many digits is identified by its position: it may be a phone number
    name.write_text(f"number,status,date,list,{evil}\n{PERSON},out,2025-03-01,{evil},{evil}\n", newline="")
    assert SHOWN[:50] in run("import", name, "--status-column", "status", code=1)
    assert "\\u001b" in harmless((tmp_path / "[bold]opt-outs.rejects.csv").read_text())
    for content in (f"{evil},b\nx,y\n", f"number,{evil}\n{PERSON},y\n", f"number,{evil},{evil}\n"):
        name.write_text(content, newline="")
        run("import", name, "--number-column", "1", code=2)
    senders = tmp_path / "senders.csv"
    senders.write_text(f"identity,list,brand,language\n{OURS},{cell(EVIL)},{cell(EVIL)},{cell(EVIL)}\n", newline="")
    run("senders", "import", senders, code=1)
    harmless((tmp_path / "senders.rejects.csv").read_text())


@pytest.mark.slow
def test_dead_letters_are_shown_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why they are there, and what they hold."""
    monkeypatch.setattr("sms_consent_cli.commands.dead_letters.queue.WAIT", 0)
    monkeypatch.setattr(Deployment, "sqs", lambda _: clients.queues())
    with inbound_function(monkeypatch) as inbound:
        payload = {"originationNumber": EVIL, "destinationNumber": EVIL, "messageBody": EVIL, "inboundMessageId": EVIL}
        notified, moment = json.dumps(inbound.notification(payload)), partial(inbound.world.pass_time, minutes=3)
        queues = {"DEAD_LETTER_QUEUE_URL": inbound.queue, "INBOUND_QUEUE_URL": inbound.queue}
        for body in (notified, EVIL):
            DeadLetters(clients.queues, inbound.queue).put(body, EVIL)
        for more in ((), ("--events",)):
            run("dead-letters", "list", *more, first=moment, **queues)
            letters = json.loads(run("dead-letters", "list", "--json", *more, first=moment, **queues))
            assert len(letters) == 2
            for letter in letters:
                run("dead-letters", "show", letter["id"], "--reveal", *more, first=moment, **queues)
        run("dead-letters", "show", EVIL, code=1, first=moment, **queues)


def test_explanations_and_evaluations_are_shown_as_text(tmp_path: Path) -> None:
    """Of any text."""
    assert SHOWN[:20] in run("explain", EVIL)
    labelled = {"id": EVIL, "text": EVIL, "label": "HELP", "language": EVIL, "kind": EVIL, "family": EVIL}
    (tmp_path / "dev.jsonl").write_text(json.dumps(labelled) + "\n")
    for more in ((), ("--json",)):
        assert "[link=https" in run("evaluate", "--corpus", tmp_path, "--part", "dev", "--show-errors", "9", *more)


def test_reports_are_shown_as_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a switchover, and of events that were run; wide and narrow."""
    for width in ("4000", "60"):
        monkeypatch.setenv("COLUMNS", width)
        text = EVIL if width == "4000" else EVIL.replace("FAKED", "and")  # a wrapped line begins anywhere
        report = ConnectReport(text, silent=False, dry_run=False)
        report.checked(bad("list", text))
        report.say("\n" + text.replace("\r\n", ""))
        with report.doing(EVIL):
            pass
        results = [EventResult(record=Record(body=text, text=None, attributes={}), problem=text)]
        show(console(), [(text, results)])
        assert "[/b]" in harmless(capsys.readouterr().out)


def test_whatever_is_printed_is_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the console and by the two functions that commands print with."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "4000")
    line = EVIL.replace("\r\n", "")
    table = Table(line, title=line, caption=line)
    table.add_row(line, style="bold")
    for out in (console(), console(stderr=True)):
        for each in (line, Text(line), Text.assemble((line, "bold red")), table):
            out.print(each)
        out.print("counted 5", end="\r")
        with Progress(console=out) as progress:
            progress.add_task(Text(line).plain.replace("[", "("), total=1)
    say(line)
    say(line, err=True)
    say_json({line: line})
    printed = capsys.readouterr()
    for stream in printed:
        assert harmless(stream, styled=True).count(SHOWN) >= 4


def test_nothing_is_printed_by_another_way() -> None:
    """One module makes consoles, one calls echo; rich's own markup, which its progress columns read, is off."""
    found = []
    folder = Path(str(sms_consent_cli.__file__)).parent
    for path in sorted(folder.rglob("*.py")):
        where = path.relative_to(folder).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            banned = (
                name
                in {
                    "print",
                    "typer.echo",
                    "click.echo",
                    "typer.secho",
                    "Console",
                    "Text.from_markup",
                    "Styled.from_markup",
                }
                or (
                    name == "TextColumn"
                    and "markup=False" not in ast.unparse(node)
                    and "task.description" in ast.unparse(node)
                )
                or (name.endswith(".status") and "Styled(" not in ast.unparse(node) and "console" in name)
            )
            if banned and (where, name) != ("shared/terminal_text.py", "typer.echo"):
                found.append(f"{where}:{node.lineno}: {name}")
    assert found == []
