"""Whether anything that a function logs or measures, in any test, names somebody or quotes what was texted."""

from __future__ import annotations

import json
import logging
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from sms_consent.inbound.message import InboundMessage
from sms_consent.inbound.processor import InboundProcessor
from support.template import resources

__all__ = ["CHECKED", "OFFENCES", "watched"]

OFFENCES: list[str] = []
"""What was found since somebody last looked: by whom, and what kind of thing; the thing itself is not repeated."""

CHECKED = {"logs": 0, "metrics": 0}
"""How much has been looked at, so that a check of nothing can be told from a check that found nothing."""

# E.164, and the numbers for fiction with or without what stands before them. A mask such as +1425•••0182 is neither.
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}|(?<![0-9a-f-])1?[2-9][0-9]{2}555[01][0-9]{3}(?![0-9a-f-])")
_TELLING = 12
"""Characters: shorter texts, such as STOP, stand in rules and in the names of things."""

_heard: deque[InboundMessage] = deque(maxlen=20)


@contextmanager
def watched() -> Iterator[None]:
    """Every line of a function's log, and every metric, is looked at as it is written."""
    classify, form = InboundProcessor.classify, logging.Handler.format
    serialize = AmazonCloudWatchEMFProvider.serialize_metric_set

    def heard(self: InboundProcessor, text: InboundMessage) -> Any:
        _heard.append(text)
        return classify(self, text)

    def formatted(self: logging.Handler, record: logging.LogRecord) -> str:
        line = form(self, record)
        if record.name in _services():
            _look_at("logs", record.name, line)
        return line

    def serialized(self: AmazonCloudWatchEMFProvider, *given: Any, **named: Any) -> Any:
        metrics = serialize(self, *given, **named)
        _look_at("metrics", str(metrics.get("service")), json.dumps(metrics, ensure_ascii=False))
        return metrics

    with (
        patch.object(InboundProcessor, "classify", heard),
        patch.object(logging.Handler, "format", formatted),
        patch.object(AmazonCloudWatchEMFProvider, "serialize_metric_set", serialized),
    ):
        yield


def _look_at(kind: str, by: str, line: str) -> None:
    CHECKED[kind] += 1
    if _NUMBER.search(line):
        OFFENCES.append(f"{by}: a phone number in its {kind}")
    for text in _heard.copy():  # other threads add to it
        number = text.sender.removeprefix("+")
        if len(number) > _TELLING / 2 and number in line:
            OFFENCES.append(f"{by}: the number of somebody who texted, in its {kind}")
        if len(text.body) >= _TELLING and text.body in line:
            OFFENCES.append(f"{by}: what somebody texted, in its {kind}")


@cache
def _services() -> frozenset[str]:
    functions = resources("AWS::Serverless::Function").values()
    return frozenset(
        each["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for each in functions
    ) | {"simulation"}
