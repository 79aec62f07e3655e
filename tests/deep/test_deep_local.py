"""`doctor --deep` against a running local stack: from the command to AWS's APIs over HTTP."""

from __future__ import annotations

import json

import pytest
from local.served import OURS, run, served


@pytest.mark.slow
def test_a_local_stack_passes_every_check_that_it_has_the_parts_for() -> None:
    """What it lacks is UNKNOWN. The test STOP gets to the list and off it again."""
    with served("--api-port", "0") as stack:
        done = run(
            "doctor", "--deep", "--send-test-stop", "--json", AWS_ENDPOINT_URL=stack.endpoint
        )  # fmt: skip
        told = json.loads(done.stdout)
        statuses = {each["check"]: each["status"] for each in told["checks"] if each["status"] != "NOTE"}
        assert [each for each in told["checks"] if each["status"] == "FAIL"] == []
        assert (done.returncode, told["problems"]) == (0, [])
        ways = ("caller", "topic", "subscription", "dead letters", "event sources", "lists", "test STOP")
        assert {name: statuses[name] for name in ways} == dict.fromkeys(ways, "PASS")
        assert any(OURS in each["message"] for each in told["checks"] if each["check"] == "numbers")
