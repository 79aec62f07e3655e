"""What a dossier says about each kind of history, and that it claims no more than is recorded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from support.connectable import Connectable, client
from support.retention_function import retention_function
from support.world import PERSON

from .conftest import (
    SENTENCE,
    agent,
    dossier_of,
    drifted,
    erased,
    imported,
    keyword,
    page_of,
    restarted,
    sentence,
)

pytestmark = pytest.mark.slow


def test_since_is_the_first_request_and_the_newest_stands_beside_it(stack: Connectable, tmp_path: Path) -> None:
    """A repeated STOP does not move it."""
    keyword(stack, tmp_path)
    (status,) = dossier_of(stack)["summary"]["lists"]
    assert status["since"] == "2026-11-03T14:00:00.000Z"
    assert status["latestRequestAt"] == "2026-11-04T14:00:00.000Z"
    assert status["requests"] == 2


def test_an_accepted_confirmation_is_not_called_delivered(stack: Connectable, tmp_path: Path) -> None:
    """AWS accepted it: that is all that is known."""
    keyword(stack, tmp_path)
    first, second = dossier_of(stack)["requests"]
    assert first["confirmation"]["state"] == "SENT"
    assert first["confirmation"]["messageId"]
    assert "Whether it reached the handset is not known" in first["confirmation"]["statement"]
    assert second["confirmation"]["state"] == "NONE"
    assert "received" not in page_of(stack, tmp_path).text


def test_words_are_shown_only_on_request(stack: Connectable, tmp_path: Path) -> None:
    """Otherwise the dossier says that they are withheld. The words that decided are always shown."""
    sentence(stack, tmp_path)
    (withheld,) = dossier_of(stack)["requests"]
    assert (withheld["words"]["state"], withheld["words"]["text"]) == ("WITHHELD", None)
    assert SENTENCE not in page_of(stack, tmp_path).source
    assert "withheld" in page_of(stack, tmp_path).text
    (shown,) = dossier_of(stack, "--show-texts")["requests"]
    assert (shown["words"]["state"], shown["words"]["text"]) == ("SHOWN", SENTENCE)
    assert page_of(stack, tmp_path, "--show-texts").within("blockquote") == [SENTENCE]


def test_the_rule_is_in_plain_words_with_its_source(stack: Connectable, tmp_path: Path) -> None:
    """And with the version of the rules that applied."""
    keyword(stack, tmp_path)
    rule = dossier_of(stack)["requests"][0]["classification"]
    assert rule["statement"].startswith("The whole text is a keyword.")
    assert rule["matched"] == "STOP"
    assert "docs.aws.amazon.com" in rule["source"]
    assert rule["rulesVersion"]


def test_an_import_does_not_say_who_asked(stack: Connectable, tmp_path: Path) -> None:
    """File and line are named."""
    imported(stack, tmp_path)
    dossier = dossier_of(stack)
    (request,) = dossier["requests"]
    assert "does not say who asked" in request["statement"]
    assert request["confirmation"]["state"] == "NONE"
    (run,) = dossier["imports"]
    assert (run["fileName"], run["lines"], run["requests"]) == ("former provider.csv", ["3"], ["R1"])
    assert run["sha256"] == hashlib.sha256((tmp_path / "former provider.csv").read_bytes()).hexdigest()
    assert (run["id"], run["status"]) == (request["importId"], "FINISHED")
    assert run["caller"] == client("sts").get_caller_identity()["Arn"]
    assert run["statedSource"] == "Former Provider"
    (fact,) = dossier["facts"]
    assert fact["kind"] == "LISTED"
    assert "days" not in fact["statement"], (
        "the time that the file states is not the start of anything that was done here"
    )
    assert "Who asked, in imports" in {each["topic"] for each in dossier["unknown"]}


def test_an_agents_entry_is_called_an_entry(stack: Connectable, tmp_path: Path) -> None:
    """What the person said is known only as it was entered."""
    agent(stack, tmp_path)
    (request,) = dossier_of(stack)["requests"]
    assert request["statement"].endswith("According to the entry, the person asked by phone.")
    assert "by A. Agent (a name as stated, not an AWS identity)" in request["statement"]
    assert request["externalReference"] == "CASE-4711"
    assert request["words"]["state"] == "NOT_A_TEXT"
    assert [each["reference"] for each in dossier_of(stack)["timeline"]] == ["R1", "F1"]


def test_a_start_within_30_days_says_when_it_can_be_carried_out(stack: Connectable, tmp_path: Path) -> None:
    """Until then the person may not be texted."""
    restarted(stack, tmp_path)
    found = dossier_of(stack)["summary"]
    (status,) = found["lists"]
    assert found["answer"] == "OPT_IN_PENDING"
    assert found["heading"].startswith("Not yet.")
    assert status["heldUntil"] == "2026-12-03T21:00:00.000Z"
    assert "only once in 30 days" in found["statement"]


def test_a_difference_is_shown_with_its_repair(stack: Connectable, tmp_path: Path) -> None:
    """What was wrong, when it was found, and when it was repaired."""
    drifted(stack, tmp_path)
    (difference,) = dossier_of(stack)["differences"]
    assert difference["kind"] == "NOT_LISTED"
    assert difference["repairedAt"] > difference["foundAt"]
    assert "AWS could deliver texts" in difference["statement"]


def test_an_erased_history_leaves_the_status_only(stack: Connectable, tmp_path: Path) -> None:
    """Why is not known, and the dossier says so."""
    erased(stack, tmp_path)
    dossier = dossier_of(stack)
    (status,) = dossier["summary"]["lists"]
    assert (dossier["requests"], status["since"], status["requests"]) == ([], "2026-11-03T14:00:00.000Z", 1)
    assert dossier["summary"]["answer"] == "OPTED_OUT"
    assert "so why is not known" in status["statement"]
    assert dossier["unknown"][0]["topic"] == "Missing history"


def test_delivery_and_identity_are_always_named_as_unknown(stack: Connectable, tmp_path: Path) -> None:
    """A dossier is no proof of them."""
    keyword(stack, tmp_path)
    topics = {each["topic"] for each in dossier_of(stack)["unknown"]}
    assert {"Delivery", "Who wrote", "Other texts", "Consent before", "Other numbers and lists"} <= topics


def test_times_are_shown_in_the_readers_zone_beside_utc(stack: Connectable, tmp_path: Path) -> None:
    """Both in the document; JSON has UTC only, and names the zone."""
    keyword(stack, tmp_path)
    page = page_of(stack, tmp_path, "--timezone", "America/New_York")
    assert "3 Nov 2026, 14:00:00.000 UTC" in page.text
    assert "09:00:00 EST" in page.text
    assert dossier_of(stack, "--timezone", "America/New_York")["origin"]["timezone"] == "America/New_York"


def test_an_undone_import_leaves_no_opt_out(stack: Connectable, tmp_path: Path) -> None:
    """The undo is shown when it was made, and is no request."""
    imported(stack, tmp_path)
    stack.world.pass_time(days=1)
    (run,) = dossier_of(stack)["imports"]
    assert stack.run("imports", "undo", run["id"], "--yes").exit_code == 0
    dossier = dossier_of(stack)
    assert dossier["summary"]["answer"] == "OPTED_IN"
    assert "an import was undone" in dossier["summary"]["heading"]
    assert "No request is left" in dossier["summary"]["statement"]
    first, undo = dossier["requests"]
    assert (first["asked"], undo["asked"]) == ("OPT_OUT", "IMPORT_UNDONE")
    assert undo["requestedAt"].startswith("2026-11-04")
    assert "no request by the person" in undo["statement"]
    (run,) = dossier["imports"]
    assert (run["status"], run["requests"], run["lines"]) == ("UNDONE", ["R1", "R2"], ["3", None])
    assert "2000" not in page_of(stack, tmp_path).text


def test_a_text_from_a_message_log_is_called_one(stack: Connectable, tmp_path: Path) -> None:
    """It did not arrive here, and got no confirmation."""
    file = tmp_path / "messages.csv"
    file.write_text(
        f"From,To,Body,Direction,Date\n{PERSON},+12125550101,Stop texting me,inbound,2024-05-02T10:00:00Z\n"
    )
    result = stack.run("import", str(file), "--text-column", "Body")
    assert result.exit_code == 0, result.output
    dossier = dossier_of(stack, "--show-texts")
    (request,) = dossier["requests"]
    assert request["statement"].startswith(
        "According to messages.csv, line 2, an imported message log, this number sent"
    )
    assert request["words"]["statement"] == "The exact words, as the imported file has them:"
    assert request["confirmation"]["state"] == "NONE"
    assert "the one that the source of an import states" in dossier["summary"]["statement"]
    assert "Imported texts" in {each["topic"] for each in dossier["unknown"]}


def test_words_past_their_retention_are_not_recorded(
    stack: Connectable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule and the words that decided are, and the chain is still intact."""
    sentence(stack, tmp_path)
    stack.world.pass_time(days=40)
    with retention_function(monkeypatch) as run:
        run()
    dossier = dossier_of(stack, "--show-texts")
    (request,) = dossier["requests"]
    assert (request["words"]["state"], request["words"]["text"]) == ("NOT_RECORDED", None)
    assert request["classification"]["matched"] == "take me off your list"
    assert dossier["verification"]["result"] == "INTACT"
    assert "Erased words" in {each["topic"] for each in dossier["unknown"]}
