"""The local stack runs a function like Lambda, with the template's settings."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from integration.local.served import REPOSITORY, run

from sms_consent_cli.local.function import Function

pytestmark = pytest.mark.slow

BATCH = "events/batch_with_bad_record.json"
SWEEP = "def handler(event, context):\n    return {}\n"
WITNESS = """
import json, os, pathlib

SEEN = pathlib.Path(__file__).with_name("seen.jsonl")

def handler(event, context):
    seen = {
        "event": event,
        "environment": dict(os.environ),
        "function_name": context.function_name,
        "remaining": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
    }
    with SEEN.open("a") as file:
        file.write(json.dumps(seen) + "\\n")
    return {"batchItemFailures": []}
"""
FAILING = """
import json, pathlib

SEEN = pathlib.Path(__file__).with_name("seen.jsonl")

def handler(event, context):
    if "Sns" in event["Records"][0]:
        raise RuntimeError("not today")
    with SEEN.open("a") as file:
        file.write(json.dumps(event) + "\\n")
    return {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
"""
ILL_MANNERED = """
def handler(event, context):
    return {"batchItemFailures": [{"itemIdentifier": "somebody else's"}]}
"""
Run = Callable[..., tuple[CompletedProcess[str], list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def run_with(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command on the real template, with another InboundFunction; what it witnessed."""

    def run_it(code: str, *arguments: str) -> tuple[CompletedProcess[str], list[dict[str, Any]]]:
        folder = tmp_path_factory.mktemp("checkout")
        handlers = folder / "functions" / "handlers"
        handlers.mkdir(parents=True)
        (handlers / "__init__.py").touch()
        for name, source in (
            ("inbound", code),
            *((each, SWEEP) for each in ("sweep", "reconcile", "notify", "retention", "api")),
        ):
            (handlers / f"{name}.py").write_text(source, encoding="utf-8")
        template = (REPOSITORY / "template.yaml").read_text(encoding="utf-8")
        (folder / "template.yaml").write_text(template, encoding="utf-8")
        done = run("local", "--template", str(folder / "template.yaml"), *arguments)
        seen = handlers / "seen.jsonl"
        lines = seen.read_text(encoding="utf-8").splitlines() if seen.exists() else []
        return done, [json.loads(line) for line in lines]

    return run_it


@pytest.fixture(scope="module")
def witnessed(run_with: Run) -> list[dict[str, Any]]:
    """Three texts from SNS and four through the queue, as the function met them."""
    files = [f"events/{name}.json" for name in ("stop", "start", "help")]
    return run_with(WITNESS, *files, BATCH, "--parameter", "Brand=Mine")[1]


def test_an_event_of_sns_reaches_the_function_as_it_is(witnessed: list[dict[str, Any]]) -> None:
    """With its own timestamp, by which texts are ordered."""
    assert witnessed[0]["event"] == json.loads((REPOSITORY / "events" / "stop.json").read_text(encoding="utf-8"))


def test_a_batch_reaches_the_function_as_sqs_sends_it(witnessed: list[dict[str, Any]]) -> None:
    """Every record has the keys that it has in Lambda, the event file's body and its own receipt handle."""
    sent = json.loads((REPOSITORY / BATCH).read_text(encoding="utf-8"))["Records"]
    received = witnessed[3]["event"]["Records"]
    assert [record["body"] for record in received] == [record["body"] for record in sent]
    assert [record["md5OfBody"] for record in received] == [record["md5OfBody"] for record in sent]
    assert set(received[0]) == set(sent[0])
    assert set(sent[0]["attributes"]) <= set(received[0]["attributes"])
    assert {record["attributes"]["ApproximateReceiveCount"] for record in received} == {"1"}
    assert {record["eventSource"] for record in received} == {"aws:sqs"}


def test_a_function_has_the_environment_that_the_template_gives_it(witnessed: list[dict[str, Any]]) -> None:
    """References are resolved by CloudFormation, parameters are those of the command."""
    environment = witnessed[0]["environment"]
    assert environment["BRAND"] == "Mine"
    assert environment["LEDGER_TABLE"].startswith("sms-consent-LedgerTable-")
    assert environment["POWERTOOLS_SERVICE_NAME"] == "inbound"
    assert environment["POWERTOOLS_METRICS_NAMESPACE"] == "SmsConsent/sms-consent"


def test_a_function_is_in_lambdas_surroundings(witnessed: list[dict[str, Any]]) -> None:
    """The variables that Lambda's runtime sets; and nothing of the shell's own AWS settings."""
    environment = witnessed[0]["environment"]
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == witnessed[0]["function_name"] == "InboundFunction"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
    assert environment["_HANDLER"] == "handlers.inbound.handler"
    assert environment["LAMBDA_TASK_ROOT"].endswith("/functions")
    assert environment["TZ"] == "UTC"


def test_a_function_has_the_templates_time_out(witnessed: list[dict[str, Any]]) -> None:
    """45 seconds, from the start of each call."""
    assert all(44_000 < seen["remaining"] <= 45_000 for seen in witnessed)


def test_every_call_has_a_unique_id(witnessed: list[dict[str, Any]]) -> None:
    """As in Lambda's logs."""
    assert len({seen["request_id"] for seen in witnessed}) == len(witnessed) == 4


def test_a_text_that_keeps_failing_stays_in_the_queue(run_with: Run) -> None:
    """It is delivered with a rising number of receives; what was not reported as failed is done."""
    done, seen = run_with(FAILING, BATCH)
    assert done.returncode == 1
    assert "failed at every" in done.stdout
    assert [record["attributes"]["ApproximateReceiveCount"] for event in seen for record in event["Records"]][4:10] == [
        *("2", "3", "4", "5", "6", "7")
    ]
    assert done.stdout.splitlines()[-1] == "4 texts, 1 could not be processed"


def test_an_event_of_sns_that_keeps_failing_is_given_up(run_with: Run) -> None:
    """After three attempts, by Lambda's rule for what is invoked asynchronously; the reason is the function's."""
    done, _ = run_with(FAILING, "events/stop.json", "--logs")
    assert done.returncode == 1
    assert done.stderr.count("RuntimeError: not today") == 3
    assert "not today" in done.stdout


def test_an_answer_that_names_a_foreign_record_fails_the_whole_batch(run_with: Run) -> None:
    """Lambda's rule for a partial batch response that makes no sense."""
    done, _ = run_with(ILL_MANNERED, BATCH)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "4 texts, 4 could not be processed"


def test_a_handler_that_is_not_there_is_named(run_with: Run) -> None:
    """Before anything runs."""
    done, _ = run_with("HANDLER = None", "events/stop.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "InboundFunction: no handler handlers.inbound.handler in" in done.stderr


def test_a_functions_environment_is_there_for_the_call_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one function is given, no other sees; numbers and truths of the template are text, as Lambda passes them."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    source = "import os\ndef handler(event, context):\n    return [os.environ['OWN'], os.environ['COUNT'], os.environ['YES']]\n"
    (tmp_path / "own_environment_handler.py").write_text(source, encoding="utf-8")
    variables = {"OWN": "here", "COUNT": 60, "YES": True}
    values = {"Handler": "own_environment_handler.handler", "Timeout": 3, "MemorySize": 128, "Variables": variables}
    before = dict(os.environ)
    assert Function("Own", values, tmp_path).invoke({}) == ["here", "60", "true"]
    assert dict(os.environ) == before
