"""Decides which deployment a command reads: by its table, else by its CloudFormation stack; on AWS or a local stack."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import typer
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session

from sms_consent.aws.register import DynamoRegister
from sms_consent.errors import ConsentError, Rejected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["FAILED", "failures_told", "register"]

FAILED = 3
"""The exit code where the ledger did not answer: neither yes nor no."""
OUTPUT = "LedgerTableName"
_HERE = ("localhost", "127.0.0.1", "::1")


class NotFound(Exception):
    """There is no such deployment where the command looks."""


def register(table: str | None, stack: str) -> DynamoRegister:
    """Raises NotFound, BotoCoreError or ClientError."""
    session = _session()
    table = table or os.environ.get("LEDGER_TABLE") or _table_of(session, stack)
    return DynamoRegister(cast("DynamoDBClient", session.create_client("dynamodb")), table)


@contextmanager
def failures_told(command: str) -> Iterator[None]:
    """Whatever AWS refuses ends the command with its code, and with nothing that AWS may have quoted."""
    try:
        yield
    except Rejected as error:
        known = {"ResourceNotFoundException": "there is no such table"}
        _end(command, known.get(error.code, str(error)), error)
    except (NotFound, ConsentError, BotoCoreError) as error:
        _end(command, str(error) or type(error).__name__, error)
    except ClientError as error:
        _end(command, f"{error.operation_name}: {error.response['Error'].get('Code')}", error)


def _end(command: str, message: str, error: Exception) -> None:
    typer.echo(f"sms-consent {command}: {message}", err=True)
    raise typer.Exit(FAILED) from error


def _session() -> Session:
    """As the AWS CLI finds region and credentials; a local stack takes any, so it need not be given some."""
    session = get_session()
    if region := os.environ.get("AWS_REGION"):
        session.set_config_variable("region", region)
    if urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in _HERE:
        if session.get_config_variable("region") is None:
            session.set_config_variable("region", "us-east-1")
        if session.get_credentials() is None:
            session.set_credentials("local", "local")
    return session


def _table_of(session: Session, stack: str) -> str:
    formation: Any = session.create_client("cloudformation")
    try:
        (described,) = formation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"].get("Code") != "ValidationError":
            raise
        raise NotFound(f"there is no stack {stack} in this account and region: give --stack or --table") from error
    for output in described.get("Outputs", []):
        if output["OutputKey"] == OUTPUT:
            return str(output["OutputValue"])
    raise NotFound(f"the stack {stack} has no output {OUTPUT}: give --table")
