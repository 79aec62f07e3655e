"""Every AWS CLI command in README and docs is an operation of AWS's service models, with existing options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session
from support.template import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
GLOBAL = {"--region", "--query", "--output", "--profile", "--no-cli-pager"}
CUSTOM = {("cloudformation", "deploy"), ("lambda", "invoke")}
"""Commands that the CLI itself adds or changes."""
_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(aws [^`]+)`")


def _lines() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text()
        for block in _BLOCK.findall(text):
            for line in block.replace("\\\n", " ").splitlines():
                if (found := re.search(r"(?:^|&& |\()(aws [^#&|]*)", line.strip())) is not None:
                    yield page.name, found[1].strip()
        for inline in _INLINE.findall(text):
            yield page.name, inline


@cache
def _operations(service: str) -> dict[str, Any]:
    model = get_session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


@pytest.mark.parametrize(("page", "line"), sorted(set(_lines())), ids=lambda each: str(each)[:60])
def test_an_aws_command_that_a_page_shows_exists(page: str, line: str) -> None:
    """By service, operation and the names of its options."""
    _, service, operation, *rest = shlex.split(line.replace("(", " ").replace(")", " ") if "[?" not in line else line)
    if (service, operation) in CUSTOM:
        return
    operations = _operations(service)
    assert operation in operations, f"{page}: aws {service} has no {operation}"
    shape = operations[operation].input_shape
    taken = {f"--{xform_name(name, '-')}" for name in (shape.members if shape is not None else {})}
    for word in rest:
        if word.startswith("--"):
            name = word.partition("=")[0]
            assert name in taken | GLOBAL or name.replace("--no-", "--", 1) in taken, (
                f"{page}: {operation} takes no {name}"
            )
