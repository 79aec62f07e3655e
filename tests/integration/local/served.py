"""The local stack as other projects' tests use it: a separate process, one line of JSON, AWS's APIs and HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3

__all__ = ["COMMAND", "OURS", "REPOSITORY", "Served", "environment", "run", "served"]

REPOSITORY = Path(__file__).parents[3]
COMMAND = [str(Path(sys.executable).with_name("sms-consent"))]
OURS = "+12125550101"
_PEOPLE = (f"+1425555{line:04}" for line in count(100))
_IDS = (f"inbound-{number}" for number in count())


def environment(**more: str) -> dict[str, str]:
    """A shell without AWS credentials or region, and without a terminal's width. Bytecode is kept: starts are many."""
    dropped = ("AWS_", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {"TERM": "xterm-256color"} | more


def run(
    *arguments: str, cwd: Path = REPOSITORY, stdin: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """The command, to its end, with its output in pipes."""
    return subprocess.run(  # noqa: S603  our own command
        [*COMMAND, *arguments],
        cwd=cwd, env=environment(**env), input=stdin, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@dataclass
class Served:
    """A running stack."""

    about: dict[str, Any]
    process: subprocess.Popen[str]
    log: IO[str]

    @property
    def endpoint(self) -> str:
        url: str = self.about["aws_endpoint"]
        return url

    def client(self, service: Any) -> Any:
        """Return a boto3 client with the endpoint as its only special setting."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.about["region"],
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One HTTP request to the stack's own paths."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = Request(f"{self.endpoint}{path}", data=data, method=method)  # noqa: S310  http, on this machine
        try:
            with urlopen(request) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def get(self, path: str) -> Any:
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer

    def post(self, path: str, body: object = None) -> Any:
        status, answer = self.ask("POST", path, body)
        assert status == 200, answer
        return answer

    # --- what happens

    def person(self) -> str:
        """Somebody who has not texted yet."""
        return next(_PEOPLE)

    def publish(self, sender: str, body: str, **more: object) -> str:
        """A text as the service publishes it to the topic; the id by which it is known."""
        inbound_id = next(_IDS)
        payload = {"originationNumber": sender, "destinationNumber": OURS, "messageBody": body}
        message = json.dumps(payload | {"inboundMessageId": inbound_id} | more)
        self.client("sns").publish(TopicArn=self.about["topic_arn"], Message=message)
        return inbound_id

    def drain(self) -> Any:
        return self.post("/_local/drain")

    def advance(self, seconds: float) -> None:
        self.post("/_local/clock", {"advance_seconds": seconds})

    def fail(self, operation: str, times: int, error: str = "ThrottlingException") -> None:
        self.post("/_local/faults", {"operation": operation, "error": error, "times": times})

    # --- how things stand

    def listed(self, number: str) -> dict[str, Any] | None:
        """The number's entry on the opt-out list."""
        sms = self.client("pinpoint-sms-voice-v2")
        try:
            (entry,) = sms.describe_opted_out_numbers(
                OptOutListName=self.about["opt_out_list"], OptedOutNumbers=[number]
            )["OptedOutNumbers"]
        except sms.exceptions.ResourceNotFoundException:
            return None
        found: dict[str, Any] = entry
        return found

    def consent(self, number: str) -> Mapping[str, Any]:
        """The consent's item in the ledger, as plain strings and truths."""
        item = self.client("dynamodb").get_item(
            TableName=self.about["table"],
            Key={"pk": {"S": number}, "sk": {"S": f"LIST#{self.about['opt_out_list']}"}},
        )["Item"]
        return {name: next(iter(value.values())) for name, value in item.items()}

    def texts_to(self, number: str) -> list[dict[str, str]]:
        return [text for text in self.get("/_local/texts") if text["to"] == number]

    def put_aside(self) -> list[str]:
        """The reasons in the dead-letter queue, which is emptied."""
        sqs, url = self.client("sqs"), self.about["dead_letter_queue_url"]
        reasons = []
        while found := sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"):
            for message in found:
                reasons.append(message["MessageAttributes"]["Reason"]["StringValue"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return reasons

    def logs(self) -> str:
        self.log.seek(0)
        return self.log.read()


@contextmanager
def served(*arguments: str, cwd: Path = REPOSITORY, **env: str) -> Iterator[Served]:
    """A stack on free ports, ready; ended as Ctrl-C ends it."""
    with TemporaryFile("w+") as log:
        process = subprocess.Popen(  # noqa: S603  our own command
            [*COMMAND, "local", "--port", "0", *arguments],
            cwd=cwd, env=environment(**env), stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                process.wait()
                log.seek(0)
                raise AssertionError(log.read())
            try:
                yield Served(json.loads(line), process, log)
            finally:
                process.send_signal(signal.SIGINT)
                assert process.wait(120) == 0
