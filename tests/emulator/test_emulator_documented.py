"""The tables in README.md: which operations are there, and which test holds which sentence of AWS's documentation.

Beside them, tests of those sentences that no other file is about.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from moto_sms_voice.extension.requests import implemented

README = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
MODEL = botocore.session.get_session().get_service_model("pinpoint-sms-voice-v2")
PERSON, ANOTHER = "+14255550182", "+14255550183"


def table(heading: str) -> list[list[str]]:
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    return rows[2:]


def test_the_table_of_operations_is_complete() -> None:
    """Each operation of the service model once, as implemented exactly if it is, and otherwise with a reason."""
    rows = [(name, state, note) for names, state, note in table("Operations") for name in names.split()]
    assert sorted(name for name, _, _ in rows) == sorted(MODEL.operation_names)
    assert {name for name, state, _ in rows if state == "implemented"} == implemented()
    assert all(note for _, state, note in rows if state != "implemented")


def test_every_sentence_has_a_test_that_exists() -> None:
    """A renamed test is renamed in the table too."""
    files = {each.name: each.read_text(encoding="utf-8") for each in Path(__file__).parent.glob("test_*.py")}
    rows = table("Sentences of the documentation, and their tests")
    assert rows
    for _, _, tests in rows:
        for file, name in re.findall(r"`(\w+)::(\w+)`", tests):
            assert re.search(rf"def {name}\b", files[f"test_emulator_{file}.py"]), f"{file}::{name}"
        assert "`" in tests or tests.startswith("none"), tests


@pytest.mark.parametrize("operation", ["put_opted_out_number", "delete_opted_out_number", "describe_opted_out_numbers"])
def test_a_list_that_does_not_exist_is_an_error(sms: Any, refused: Any, operation: str) -> None:
    """ "If the specified opt-out list doesn't exist, an error is returned"."""
    number = {} if operation.startswith("describe") else {"OptedOutNumber": PERSON}
    error = refused(getattr(sms, operation), OptOutListName="no-such-list", **number)
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "opt-out-list")


def test_a_destination_that_is_not_valid_is_an_error(world: Any, opt_out_list: str, refused: Any) -> None:
    """ "If the destination phone number isn't valid … an error is returned"; the description of numbers has its own sentence."""
    sms = world.client(validate=False)
    for operation, number in (
        (sms.put_opted_out_number, {"OptedOutNumber": "0425"}),
        (sms.delete_opted_out_number, {"OptedOutNumber": "0425"}),
        (sms.describe_opted_out_numbers, {"OptedOutNumbers": ["0425"]}),
    ):
        error = refused(operation, OptOutListName=opt_out_list, **number)
        assert (error["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("ValidationException", 400)


def test_without_numbers_and_filters_everything_is_described(sms: Any, opt_out_list: str) -> None:
    """ "The output includes information for all opted out destination numbers in your opt-out list"."""
    for number in (PERSON, ANOTHER):
        sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=number)
    found = sms.describe_opted_out_numbers(OptOutListName=opt_out_list)["OptedOutNumbers"]
    assert [each["OptedOutNumber"] for each in found] == [PERSON, ANOTHER]


def test_the_time_of_a_put_is_in_the_description(sms: Any, opt_out_list: str) -> None:
    """ "The time that the phone number was added to the OptOutList"."""
    put = sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=PERSON)
    (found,) = sms.describe_opted_out_numbers(OptOutListName=opt_out_list)["OptedOutNumbers"]
    assert found["OptedOutTimestamp"] == put["OptedOutTimestamp"]
