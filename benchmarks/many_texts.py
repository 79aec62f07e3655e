"""Send many texts through SNS, SQS and the functions in the local stack, and check that none is lost.

``python benchmarks/many_texts.py --texts 100000 --minutes 15`` publishes until one of the two limits is reached, waits until all
work is done, and checks that each text was processed, that each person's consent matches their newest text, that each request
is in the history once, and that no queue holds a message. The exit code is 1 if anything is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sms_consent_cli.local.aws_environment import isolate, read_service_models_once  # noqa: E402  the path comes first

OURS, LIST = "+12125550101", "Default"
A_BATCH, A_ROUND = 10, 100  # moto walks through a queue for each message: a long one takes for ever
WORDS = ("See you at noon", "ok thanks!", "Is it still raining?", "STOP", "START", "HELP")
SHARES = (40, 30, 20, 7, 2, 1)
REPEATED = 0.01
"""The share of texts that the topic delivers twice."""


class _Lines(io.TextIOBase):
    """Counts what the functions log, and keeps none of it."""

    def __init__(self) -> None:
        self.said: Counter[str] = Counter()

    def write(self, text: str) -> int:
        for message in ("a text was processed", "a text was dead-lettered", "a text is delivered again"):
            self.said[message] += text.count(f'"message":"{message}"')
        return len(text)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    isolate()
    read_service_models_once()
    import logging

    import boto3

    from sms_consent_cli.local.assembly import assemble

    logging.disable(logging.NOTSET)
    lines, random = _Lines(), Random(arguments.seed)
    newest: dict[str, str] = {}
    requests: set[str] = set()
    published = deliveries = 0
    begun = time.monotonic()
    with contextlib.redirect_stdout(lines):
        local = assemble(ROOT / "template.yaml", {"Brand": "Example", "SupportContact": "help.example.com"}, [OURS])
        local.stack.functions["InboundFunction"].load()
        sns = boto3.client("sns")
        while published < arguments.texts and time.monotonic() - begun < arguments.minutes * 60:
            entries = []
            for _ in range(min(A_ROUND, arguments.texts - published)):
                (word,) = random.choices(WORDS, SHARES)
                number = f"+1{201 + published // 10_000:03d}555{published % 10_000:04d}"
                if word == "START" and newest:
                    number = random.choice(list(newest)[-1000:])
                if word in {"STOP", "START"}:
                    newest[number] = word
                if word in {"STOP", "START", "HELP"}:
                    requests.add(f"text-{published}")
                text = {"originationNumber": number, "destinationNumber": OURS, "messageBody": word}
                copies = 2 if random.random() < REPEATED else 1
                entries += [json.dumps(text | {"inboundMessageId": f"text-{published}"})] * copies
                published += 1
            for first in range(0, len(entries), A_BATCH):
                batch = [{"Id": str(at), "Message": each} for at, each in enumerate(entries[first : first + A_BATCH])]
                sns.publish_batch(TopicArn=local.topic_arn, PublishBatchRequestEntries=batch)
            deliveries += len(entries)
            local.stack.drain()
            sys.stderr.write(f"\r{published} texts, {time.monotonic() - begun:.0f} s ")
        local.stack.settle()
    found = _found(local.table, local.queue_url, local.dead_letter_queue_url)
    missing = {
        "not processed": deliveries - lines.said["a text was processed"],
        "dead-lettered": lines.said["a text was dead-lettered"] + int(found["dead letters"]),
        "left in the queue": int(found["queue"]),
        "consents other than the newest text says": sum(
            1 for number, word in newest.items() if found["consents"].get(number) != word
        ),
        "requests not in the history": len(requests - found["decisions"]),
        "decisions nobody asked for": len(found["decisions"] - requests),
    }
    figures = {
        "texts": published,
        "deliveries": deliveries,
        "requests": len(requests),
        "seconds": round(time.monotonic() - begun),
        "delivered again": lines.said["a text is delivered again"],
        "missing": missing,
    }
    sys.stderr.write("\n")
    sys.stdout.write(json.dumps(figures, indent=None if arguments.json else 2) + "\n")
    return int(any(missing.values()))


def _found(table: str, queue: str, dead_letters: str) -> dict:  # type: ignore[type-arg]
    """What the stack holds in the end."""
    import boto3

    words = {"OPTED_OUT": "STOP", "OPTED_IN": "START", "OPT_IN_PENDING": "START"}
    consents: dict[str, str] = {}
    decisions: set[str] = set()
    for page in boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if item["sk"]["S"].startswith("LIST#"):
                consents[item["pk"]["S"]] = words[item["status"]["S"]]
            elif item["sk"]["S"].startswith("DECISION#"):
                decisions.add(item["id"]["S"])
    sqs = boto3.client("sqs")
    waiting = {}
    for name, url in (("queue", queue), ("dead letters", dead_letters)):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        waiting[name] = int(attributes["ApproximateNumberOfMessages"]) + int(
            attributes["ApproximateNumberOfMessagesNotVisible"]
        )
    return {"consents": consents, "decisions": decisions, **waiting}


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    sys.exit(main())
