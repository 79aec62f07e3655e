"""The log lines of InboundFunction, and the modules that logging loads."""

from __future__ import annotations

import gc
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.template import REPOSITORY

from handlers.inbound import container
from sms_consent.bootstrap import observability
from sms_consent.bootstrap.observability import Metrics, logger


def test_a_log_line_is_one_json_object_with_the_request_it_belongs_to(
    inbound: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudWatch Logs Insights finds its fields by name; they are called as in the other functions' logs."""
    logged = io.StringIO()
    monkeypatch.setattr(logger("inbound").registered_handler, "stream", logged)
    inbound.hear("STOP")
    (heard,) = [
        line for line in map(json.loads, logged.getvalue().splitlines()) if line["message"] == "a text was processed"
    ]
    assert (heard["level"], heard["message"], heard["service"]) == ("INFO", "a text was processed", "inbound")
    assert heard["request_id"] == "request"
    assert (heard["intent"], heard["status"], heard["applied"], heard["answer"]) == (
        "OPT_OUT",
        "OPTED_OUT",
        True,
        "SENT",
    )
    assert heard["timestamp"] == "2026-11-03T14:00:00.000Z"


def test_texts_are_counted_in_cloudwatchs_embedded_format(inbound: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for an invocation, whatever threads its texts were heard in."""
    capsys.readouterr()
    texts = [{"originationNumber": f"+1425555018{at}", "destinationNumber": "+12125550101"} for at in range(3)]
    words = ("STOP", "stop please", "See you at noon")
    inbound.run(inbound.queued(*(text | {"messageBody": word} for text, word in zip(texts, words, strict=True))))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    metrics = json.loads(line)
    (directive,) = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"]]
    units = {each["Name"]: each["Unit"] for each in directive["Metrics"]}
    assert {name: units[name] for name in ("TextsOptOut", "TextsNone", "TimeToList")} == {
        "TextsOptOut": "Count", "TextsNone": "Count", "TimeToList": "Seconds",
    }  # fmt: skip
    assert (metrics["service"], sum(metrics["TextsOptOut"]), sum(metrics["TextsNone"])) == ("inbound", 2, 1)
    assert metrics["TimeToList"] == [0.0, 0.0]
    assert metrics["_aws"]["Timestamp"] == 1793714400000


def test_what_was_counted_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    """An invocation that counts nothing writes nothing."""
    metrics = Metrics("inbound", "SmsConsent")
    metrics.add_metric("TextsNone", "Count", 1)
    metrics.flush_metrics()
    metrics.flush_metrics()
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_values_added_by_several_threads_are_all_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Powertools' metrics print and empty themselves at 100 values; without a lock, a value added meanwhile is lost."""
    metrics = Metrics("inbound", "SmsConsent")
    with ThreadPoolExecutor(8) as threads:
        for _ in range(2_000):
            threads.submit(metrics.add_metric, "TextsNone", "Count", 1)
    metrics.flush_metrics()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum(sum(line["TextsNone"]) for line in lines) == 2_000


def test_the_first_invocation_in_a_process_counts_as_a_cold_start(
    inbound: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Later ones do not."""
    observability._count_cold_start.cache_clear()
    for _ in range(2):
        inbound.run({"Records": []})
        inbound.hear("See you at noon")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line.get("ColdStart") for line in lines] == [[1.0], None]


def test_times_are_kept_each_however_many_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Of their sum there would be no greatest and no median; a line holds a hundred."""
    metrics = Metrics("inbound", "SmsConsent")
    metrics.add_metric("TextsOptOut", "Count", 2)
    for seconds in range(150):
        metrics.add_metric("TimeToList", "Seconds", seconds)
    metrics.flush_metrics()
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["TimeToList"] + second["TimeToList"] == list(range(150))
    assert (len(first["TimeToList"]), first["TextsOptOut"], "TextsOptOut" in second) == (100, [2], False)


def test_a_cold_start_loads_no_more_than_it_needs() -> None:
    """Each of these takes as long as hearing a text, or several: they are for rare paths, or for other functions."""
    listing = "import handlers.inbound, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", listing], cwd=REPOSITORY / "functions", capture_output=True, text=True, check=True
    ).stdout.split()
    assert "sms_consent.inbound.batch" in loaded
    heavy = {
        "boto3",
        "concurrent.futures.thread",
        "phonenumbers",
        "sms_consent.intent.lower_tiers",
        "sms_consent.intent.rcs_content",
        "sms_consent.publishing",
        "sms_consent.queries",
        "sms_consent.reconciliation",
        "sms_consent.retention",
        "sms_consent.sync.sweep",
    }
    assert heavy.isdisjoint(loaded)


def test_the_queues_client_is_created_for_the_first_dead_letter(inbound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is rare."""
    made = []
    puts_aside = container().inbound_batch._dead_letters
    client = puts_aside._client
    monkeypatch.setattr(puts_aside, "_client", lambda: made.append(True) or client())
    inbound.hear("STOP")
    assert made == []
    inbound.run(inbound.queued("5"))
    assert made == [True]


@pytest.mark.parametrize("enabled", [True, False])
def test_a_cold_start_leaves_the_collector_as_it_was(inbound: Any, enabled: bool) -> None:
    """It is only spared while nothing can be garbage; texts afterwards make some."""
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        inbound.hear("STOP")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()
