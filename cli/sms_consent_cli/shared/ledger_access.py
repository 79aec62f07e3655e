"""Ledger queries for read-only commands, and the error messages for failed AWS calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.evidence_queries import DynamoEvidence
from sms_consent.adapters.dynamodb.import_records import DynamoImportRecords
from sms_consent.domain.errors import ConsentError, Rejected
from sms_consent_cli.shared.deployment import Deployment, NotFound
from sms_consent_cli.shared.terminal_text import say, visible

__all__ = ["FAILED", "consent_queries", "evidence_queries", "import_records", "list_name", "report_aws_errors"]

FAILED = 3
"""The exit code if AWS or the ledger did not respond."""

_SIGNATURE = frozenset(
    {"InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignature"}
)
_SET_THE_CLOCK = (
    "AWS rejected the signature. Either the machine's clock is more than five minutes off, or the credentials are wrong: "
    "set the clock, or check the access key"
)


def consent_queries(table: str | None, stack: str) -> DynamoConsentQueries:
    """Return queries by phone number. Raises NotFound, BotoCoreError or ClientError."""
    deployment = Deployment(stack, table=table)
    return DynamoConsentQueries(deployment.dynamodb(), deployment.table, lambda: deployment.names)


def evidence_queries(table: str | None, stack: str) -> DynamoEvidence:
    """Return reads of the evidence. Raises as ``consent_queries`` does."""
    deployment = Deployment(stack, table=table)
    return DynamoEvidence(deployment.dynamodb(), deployment.table, lambda: deployment.names)


def import_records(table: str | None, stack: str) -> DynamoImportRecords:
    """Return the records of imports. Raises as ``consent_queries`` does."""
    deployment = Deployment(stack, table=table)
    return DynamoImportRecords(deployment.dynamodb(), deployment.table)


def list_name(given: str, table: str | None, stack: str) -> str:
    """Return the ledger's name of a list that may be given by ARN. Raises as ``consent_queries`` does."""
    return Deployment(stack, table=table).names.canonical(given) if given.startswith("arn:") else given


@contextmanager
def report_aws_errors(command: str) -> Iterator[None]:
    """Print failed AWS calls and end the command with exit code 3. AWS's message is left out: it may quote input."""
    try:
        yield
    except Rejected as error:
        known = {"ResourceNotFoundException": "there is no such table"} | dict.fromkeys(_SIGNATURE, _SET_THE_CLOCK)
        _end(command, known.get(error.code, str(error)), error)
    except NoRegionError as error:
        _end(command, "no AWS region is set: set AWS_REGION, or AWS_ENDPOINT_URL for a local stack", error)
    except (NotFound, ConsentError, BotoCoreError) as error:
        _end(command, str(error) or type(error).__name__, error)
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        _end(command, f"{error.operation_name}: {_SET_THE_CLOCK if code in _SIGNATURE else code}", error)


def _end(command: str, message: str, error: Exception) -> None:
    say(f"sms-consent {command}: {visible(message)}", err=True)
    raise typer.Exit(FAILED) from error
