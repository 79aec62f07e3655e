"""The check of logs and metrics that runs beside every test finds numbers and texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aws_lambda_powertools.metrics import MetricUnit
from support import discretion
from support.discretion import CHECKED, OFFENCES
from support.inbound_function import inbound_function

from sms_consent.bootstrap.observability import logger, metrics


@pytest.fixture
def offences() -> Callable[[], list[str]]:
    """What was found, which is then no failure of the test itself."""

    def taken() -> list[str]:
        found = sorted(set(OFFENCES))
        OFFENCES.clear()
        return found

    return taken


@pytest.mark.parametrize("written", ["+14255550182", "14255550182", "4255550182", "sent to +4915223433333."])
def test_a_number_in_a_log_is_noticed(written: str, offences: Callable[[], list[str]]) -> None:
    """With its plus or without, whoever's it is."""
    logger("inbound").info("a text was processed", sender=written)
    assert "inbound: a phone number in its logs" in offences()


def test_a_number_as_a_dimension_is_noticed(
    monkeypatch: pytest.MonkeyPatch, offences: Callable[[], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Metrics are kept for longer than logs."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "test")
    counted = metrics("notify")
    counted.add_metric("EventsTold", MetricUnit.Count, 1)
    counted.add_metadata("sender", "+14255550182")
    counted.flush_metrics()
    assert "a phone number in its metrics" in "".join(offences())
    assert capsys.readouterr().out


def test_what_was_texted_is_noticed(monkeypatch: pytest.MonkeyPatch, offences: Callable[[], list[str]]) -> None:
    """Whatever it says."""
    with inbound_function(monkeypatch) as inbound:
        inbound.hear("see you by the lighthouse")
        assert offences() == []
        logger("inbound").error("could not read 'see you by the lighthouse'")
    assert offences() == ["inbound: what somebody texted, in its logs"]


def test_what_is_masked_or_an_id_is_not(monkeypatch: pytest.MonkeyPatch, offences: Callable[[], list[str]]) -> None:
    """And what was looked at is counted, since a check of nothing finds nothing."""
    looked_at = dict(CHECKED)
    logger("inbound").info(
        "a text was processed", sender="+1425•••0182", id="cae173d2-66b9-564c-8309-21f858e9fb84", account="123456789012"
    )
    with inbound_function(monkeypatch) as inbound:
        inbound.hear("STOP")
    assert CHECKED["logs"] >= looked_at["logs"] + 2
    assert CHECKED["metrics"] == looked_at["metrics"] + 1
    assert offences() == []


def test_texts_may_arrive_while_a_log_line_is_checked(offences: Callable[[], list[str]]) -> None:
    """InboundFunction classifies in several threads: one must not disturb the check that another one's log line is in."""

    class Arriving:
        body = "see you by the lighthouse"

        @property
        def sender(self) -> str:
            discretion._heard.append(self)  # type: ignore[arg-type]  # as another thread does
            return "someone"

    discretion._heard.append(Arriving())  # type: ignore[arg-type]  # the two members that the check uses
    discretion._look_at("logs", "inbound", "could not read 'see you by the lighthouse'")
    discretion._heard.clear()
    assert offences() == ["inbound: what somebody texted, in its logs"]
