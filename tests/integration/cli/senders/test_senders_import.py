"""`sms-consent senders import`: independent lines, idempotent, with a file of rejected lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.world import LIST

from sms_consent.adapters import clients
from sms_consent.domain.ports import Sender

HEADER = "identity,list,brand,support_contact,language\n"
CLUB = "+12125550102,Club,The Club,club.example.com,de\n"
PLAIN = "+12125550103,,,,\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where each test writes its senders."""
    return tmp_path / "senders.csv"


def _senders(senders: Any) -> list[tuple[str, str]]:
    return [(each["identity"], each["optOutList"]) for each in senders.told("list")]


def test_every_line_sets_a_sender(senders: Any, file: Path) -> None:
    """An empty cell is the stack's own."""
    file.write_text(HEADER + CLUB + PLAIN)
    assert senders.done("import", str(file)).stdout == "2 set, 0 unchanged, 0 rejected\n"
    assert senders.world.parts.ledger.sender("+12125550102") == Sender(
        identity="+12125550102", list_name="Club", brand="The Club", support_contact="club.example.com", language="de"
    )
    assert senders.world.parts.ledger.sender("+12125550103") == Sender(identity="+12125550103", list_name=LIST)


def test_an_agents_way_to_reply_is_imported(senders: Any, file: Path) -> None:
    """A pool, or the agent itself by SendRcsMessage."""
    file.write_text("identity,reply_from\nrcs-1,pool-1\nrcs-2,rcs-2\nrcs-3,here\n")
    senders.run("import", str(file))
    assert {each["identity"]: each.get("replyFrom") for each in senders.told("list")} == {
        "rcs-1": "pool-1",
        "rcs-2": "rcs-2",
    }
    assert "replies from" in senders.done("list").stdout


def test_importing_again_changes_nothing(senders: Any, file: Path) -> None:
    """After an interruption, or every night."""
    file.write_text(HEADER + CLUB + PLAIN)
    senders.done("import", str(file))
    before = senders.written()
    assert senders.done("import", str(file)).stdout == "0 set, 2 unchanged, 0 rejected\n"
    assert senders.written() == before


def test_what_an_interruption_left_half_written_is_completed(senders: Any, file: Path) -> None:
    """It is listed, but no function knows it."""
    file.write_text(HEADER + CLUB)
    senders.done("import", str(file))
    key = {"pk": {"S": "SENDER#+12125550102"}, "sk": {"S": "SENDER"}}
    clients.dynamodb().delete_item(TableName=senders.world.table, Key=key)
    assert senders.done("import", str(file)).stdout == "1 set, 0 unchanged, 0 rejected\n"
    assert senders.world.parts.ledger.sender("+12125550102") is not None


def test_a_line_replaces_all_settings_of_its_sender(senders: Any, file: Path) -> None:
    """The file is what should be, unlike the options of `set`."""
    senders.done("set", "+12125550103", "--list", "Club", "--brand", "The Club")
    file.write_text(HEADER + PLAIN)
    senders.done("import", str(file))
    assert senders.world.parts.ledger.sender("+12125550103") == Sender(identity="+12125550103", list_name=LIST)


def test_senders_that_are_not_in_the_file_stay(senders: Any, file: Path) -> None:
    """Part of them may be kept elsewhere."""
    senders.done("set", "+12125550101", "--list", "Alerts")
    file.write_text(HEADER + CLUB)
    senders.done("import", str(file))
    assert _senders(senders) == [("+12125550101", "Alerts"), ("+12125550102", "Club")]


BAD = {
    "+12125550104,Culb,,,\n": "there is no list Culb",
    "2125550105,Club,,,\n": "a sender is a number as +12125550101",
    "+12125550106,Club,,,tlh\n": "there are no replies in 'tlh'",
    f"+12125550107,Club,{'x' * 150},,\n": "Shorten the brand",
    "+12125550108,Club\n": "it has fewer fields than the first line",
    "+12125550109,Club,,,,,\n": "it has more fields than the first line",
}


@pytest.mark.parametrize("line", list(BAD))
def test_an_invalid_line_is_reported_with_its_number_and_stops_no_other(senders: Any, file: Path, line: str) -> None:
    """The exit code says that not all is well."""
    file.write_text(HEADER + PLAIN + line + CLUB)
    result = senders.run("import", str(file))
    assert result.exit_code == 1
    assert result.stderr.startswith("line 3: ")
    assert BAD[line] in result.stderr
    assert result.stdout == f"2 set, 0 unchanged, 1 rejected: see {file.with_suffix('.rejects.csv')}\n"
    assert len(_senders(senders)) == 2


@pytest.mark.slow
def test_rejected_lines_can_be_corrected_and_imported(senders: Any, file: Path) -> None:
    """The file of rejects has the same columns, and one with the error, which is passed over."""
    file.write_text(HEADER + PLAIN + "+12125550104,Culb,The Club,,\n")
    senders.run("import", str(file))
    rejects = file.with_suffix(".rejects.csv")
    mended = rejects.read_text().replace(",Culb,", ",Club,")
    assert mended.startswith("identity,list,brand,support_contact,language,error\n+12125550104,Club,The Club,,,")
    rejects.write_text(mended)
    assert senders.done("import", str(rejects)).stdout == "1 set, 0 unchanged, 0 rejected\n"


def test_the_file_of_rejects_can_be_put_elsewhere(senders: Any, file: Path, tmp_path: Path) -> None:
    """And is not made if there is nothing to put into it."""
    rejects = tmp_path / "elsewhere.csv"
    file.write_text(HEADER + PLAIN)
    senders.done("import", str(file), "--rejects", str(rejects))
    assert not rejects.exists()
    file.write_text(HEADER + "nobody,,,,\n")
    senders.run("import", str(file), "--rejects", str(rejects))
    assert rejects.exists()


def test_rejects_that_cannot_be_written_are_still_reported(senders: Any, file: Path, tmp_path: Path) -> None:
    """What could be set was set."""
    file.write_text(HEADER + PLAIN + "nobody,,,,\n")
    result = senders.run("import", str(file), "--rejects", str(tmp_path / "missing" / "x.csv"))
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
    assert result.stdout == "1 set, 0 unchanged, 1 rejected\n"


def test_a_sender_twice_with_the_same_settings_is_set_once(senders: Any, file: Path) -> None:
    """It says the same."""
    file.write_text(HEADER + CLUB + CLUB)
    assert senders.done("import", str(file)).stdout == "1 set, 0 unchanged, 0 rejected\n"


def test_a_sender_twice_with_other_settings_is_rejected_the_second_time(senders: Any, file: Path) -> None:
    """Which of the two is meant cannot be guessed."""
    file.write_text(HEADER + CLUB + "+12125550102,Alerts,,,\n")
    result = senders.run("import", str(file))
    assert "line 3: line 2 has the same sender with other settings" in result.stderr
    assert _senders(senders) == [("+12125550102", "Club")]


def test_a_dry_run_checks_and_writes_nothing(senders: Any, file: Path) -> None:
    """Not even the file of rejects."""
    file.write_text(HEADER + CLUB + "nobody,,,,\n")
    result = senders.run("import", str(file), "--dry-run")
    assert (result.exit_code, result.stdout) == (1, "1 would be set, 0 unchanged, 1 rejected\n")
    assert senders.written() == []
    assert not file.with_suffix(".rejects.csv").exists()


def test_json_output_has_every_count(senders: Any, file: Path) -> None:
    """With the numbers of lines."""
    file.write_text(HEADER + CLUB + PLAIN)
    assert senders.told("import", str(file)) == {
        "dryRun": False,
        "set": ["+12125550102", "+12125550103"],
        "unchanged": [],
        "rejected": [],
        "rejectsFile": None,
    }


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (HEADER + CLUB).encode(),
        (HEADER + CLUB).replace(",", ";").encode(),
        (HEADER + CLUB).replace("\n", "\r\n").encode(),
        b'Language,Support Contact,Brand,List,Identity\nde,club.example.com,"The Club",Club,+12125550102\n\n',
    ],
)
def test_a_file_may_look_as_spreadsheets_make_it(senders: Any, file: Path, content: bytes) -> None:
    """A byte order mark, semicolons, other line ends, other headings and another order, an empty line."""
    file.write_bytes(content)
    assert senders.done("import", str(file)).stdout == "1 set, 0 unchanged, 0 rejected\n"
    assert _senders(senders) == [("+12125550102", "Club")]


def test_columns_may_be_left_out(senders: Any, file: Path) -> None:
    """All but the sender."""
    file.write_text("identity,list\n+12125550102,Club\n")
    senders.done("import", str(file))
    assert _senders(senders) == [("+12125550102", "Club")]


def test_a_file_may_come_through_a_pipe(senders: Any) -> None:
    """Its name is a dash."""
    assert senders.done("import", "-", stdin=HEADER + CLUB).stdout == "1 set, 0 unchanged, 0 rejected\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the first line must name identity"),
        (b"+12125550102,Club,,,\n", "the first line must name identity"),
        (b"identity,list,lits\n", "the first line must name identity"),
        (b"identity,identity\n", "the first line must name identity"),
        (b"identity,list\n+12125550102,\xff\n", "not CSV in UTF-8"),
        (b'identity,list\n+12125550102,"Club\n', "not CSV in UTF-8"),
        (b"identity,list\n+12125550102," + b"x" * 200_000, "not CSV in UTF-8"),
        (b"\x00\x01PK", "the first line must name identity"),
    ],
)
def test_an_unreadable_file_is_refused_as_a_whole(senders: Any, file: Path, content: bytes, complaint: str) -> None:
    """Nothing of it is written."""
    file.write_bytes(content)
    result = senders.run("import", str(file))
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert senders.written() == []


def test_a_missing_file_is_said_to_be_missing(senders: Any, file: Path) -> None:
    """By its name."""
    result = senders.run("import", str(file))
    assert result.exit_code == 2
    assert "No such file or directory" in result.stderr


def test_a_heading_without_lines_sets_nothing(senders: Any, file: Path) -> None:
    """And is no failure."""
    file.write_text(HEADER)
    assert senders.done("import", str(file)).stdout == "0 set, 0 unchanged, 0 rejected\n"


def test_the_lists_are_looked_up_once_for_all_lines(senders: Any, file: Path) -> None:
    """The API takes one such request a second."""
    file.write_text(HEADER + "".join(f"+121255501{line:02},Club,,,\n" for line in range(30)))
    senders.done("import", str(file))
    assert senders.world.calls().count("DescribeOptOutLists") == 1
    assert len(_senders(senders)) == 30
