"""Invocation of a function of the template, in this process."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sms_consent_cli.local.aws_environment import ACCOUNT, REGION
from sms_consent_cli.local.errors import LocalError

__all__ = ["Context", "Function", "FunctionFailed"]

logger = logging.getLogger(__name__)


class FunctionFailed(Exception):
    """The handler raised an error, which Lambda reports to the caller."""


@dataclass(frozen=True)
class Context:
    """Lambda's context object, with Lambda's attribute names."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    deadline: float
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time by the local clock, which waits of the function advance."""
        return max(0, int((self.deadline - time.time()) * 1000))


class Function:
    """One function of the template."""

    def __init__(self, name: str, values: Mapping[str, Any], code: Path) -> None:
        """``values`` are its properties as resolved by CloudFormation."""
        self.name = name
        self.environment = {key: _as_text(value) for key, value in values["Variables"].items()}
        self._timeout = float(values["Timeout"])
        self._memory = int(values["MemorySize"])
        self._code = code
        self._path: str = values["Handler"]
        self._handler: Callable[[Any, Context], Any] | None = None

    def load(self) -> Callable[[Any, Context], Any]:
        """Import the handler, as in a cold start. Raises LocalError if it cannot be imported."""
        if self._handler is None:
            if str(self._code) not in sys.path:
                sys.path.insert(0, str(self._code))
            module, _, attribute = self._path.rpartition(".")
            try:
                with self._surroundings():
                    self._handler = getattr(importlib.import_module(module), attribute)
            except (ImportError, AttributeError, ValueError) as error:
                raise LocalError(f"{self.name}: no handler {self._path} in {self._code}: {error}") from error
        return self._handler

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Invoke the handler and return its result. Raises FunctionFailed for any error of the handler."""
        handler = self.load()
        started = time.time()
        with self._surroundings():
            try:
                # Through JSON in both directions, as in Lambda.
                answer = json.loads(json.dumps(handler(json.loads(json.dumps(event)), self._context(started))))
            except Exception as error:  # any error, as in Lambda's runtime
                logger.exception("%s failed", self.name)
                raise FunctionFailed(f"{self.name} raised {type(error).__name__}: {error}") from error
        if time.time() - started > self._timeout:
            logger.warning(
                "%s took longer than its timeout of %g s: Lambda would have stopped it", self.name, self._timeout
            )
        return answer

    def _context(self, started: float) -> Context:
        return Context(
            function_name=self.name,
            invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}",
            memory_limit_in_mb=self._memory,
            aws_request_id=str(uuid4()),
            log_group_name=f"/aws/lambda/{self.name}",
            log_stream_name="local",
            deadline=started + self._timeout,
        )

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """Set the function's environment variables during the call."""
        before = dict(os.environ)
        os.environ.update(
            self.environment,
            AWS_EXECUTION_ENV="AWS_Lambda_python3.13",
            AWS_LAMBDA_FUNCTION_NAME=self.name,
            AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(self._memory),
            AWS_LAMBDA_LOG_GROUP_NAME=f"/aws/lambda/{self.name}",
            AWS_LAMBDA_LOG_STREAM_NAME="local",
            LAMBDA_TASK_ROOT=str(self._code),
            _HANDLER=self._path,
        )
        try:
            yield
        finally:
            for name in set(os.environ) - set(before):
                del os.environ[name]
            os.environ.update(before)


def _as_text(value: object) -> str:
    """Return numbers and booleans of a template as the text that Lambda sets."""
    return str(value).lower() if isinstance(value, bool) else str(value)
