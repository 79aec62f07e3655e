"""The emulator as a separate server, called by the `aws` command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

AWS = shutil.which("aws")


@pytest.fixture
def endpoint() -> Iterator[str]:
    """`python -m emulator`, on a port of the system's choice."""
    command = [sys.executable, "-m", "moto_sms_voice", "--port", "0"]
    with subprocess.Popen(  # noqa: S603  # this interpreter, and constants
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        try:
            yield next(found[0] for line in process.stderr if (found := re.search(r"http://[\d.]+:\d+", line)))
        finally:
            process.terminate()


def aws(endpoint: str, *arguments: str) -> Any:
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }
    assert AWS is not None
    run = subprocess.run(  # noqa: S603  # the `aws` command, and constants
        [AWS, "--endpoint-url", endpoint, "--output", "json", "pinpoint-sms-voice-v2", *arguments],
        env={**{name: value for name, value in os.environ.items() if not name.startswith("AWS_")}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(run.stdout) if run.returncode == 0 else run.stderr


@pytest.mark.slow
@pytest.mark.skipif(AWS is None, reason="the aws command is not on the PATH")
def test_the_aws_command_pages_and_is_refused_as_by_aws(endpoint: str) -> None:
    """It gets every page by itself, and prints the service's refusal."""
    client = boto3.client(
        "pinpoint-sms-voice-v2",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    people = ["+14255550182", "+14255550183", "+14255550184"]
    for number in people:
        client.put_opted_out_number(OptOutListName="Default", OptedOutNumber=number)
    found = aws(endpoint, "describe-opted-out-numbers", "--opt-out-list-name", "Default", "--page-size", "1")
    assert [one["OptedOutNumber"] for one in found["OptedOutNumbers"]] == people
    refusal = aws(endpoint, "put-opted-out-number", "--opt-out-list-name", "Default", "--opted-out-number", "nobody")
    assert "ValidationException" in refusal
