"""Checks of a deployment's ledger: the table's settings, its stream, and the encryption key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from sms_consent.bootstrap.settings import Problem
from sms_consent_cli.commands.connect.resource_policy import Access, PolicyRequest, evaluate_policy
from sms_consent_cli.commands.ledger.table import Need, TableSettings, read_settings
from sms_consent_cli.shared.deployment import Deployment, NotFound

__all__ = ["MISSING", "UNSEEN", "problems_of_ledger", "problems_of_ledger_parameters"]

TABLE, STREAM, KEY = "ExistingLedgerTable", "ExistingLedgerStreamArn", "ExistingKeyArn"
MISSING = "does not exist: texts wait in the queue, for 14 days at the most"
"""The problem of a deployment without its table, of which nothing else can be read."""
UNSEEN = "cannot be checked with your permissions"
"""The problem of a part that the caller may not read."""
USES = ("kms:Decrypt", "kms:GenerateDataKey")
"""The actions that functions, SNS, AWS End User Messaging and DynamoDB need on the key."""
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def problems_of_ledger_parameters(parameters: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what the template's rules refuse, and a stream of another table."""
    table, stream, key = (parameters.get(name, "").strip() for name in (TABLE, STREAM, KEY))
    for name, given in ((STREAM, stream), (KEY, key)):
        if table and not given:
            yield Problem(
                name, f"is missing: {TABLE} needs it", f'Run "sms-consent ledger prepare {table}", which prints it.'
            )
    if stream and not table:
        fix = f"Give {TABLE}, or leave both empty to create a table."
        yield Problem(TABLE, f"is missing: {STREAM} is given, and the deployment is refused", fix)
    if table and stream and f":table/{table}/stream/" not in stream:
        fix = f'Run "sms-consent ledger prepare {table}", which prints the right one.'
        yield Problem(STREAM, f"is the stream of a table other than {table}: no event would be published", fix)


def problems_of_ledger(deployment: Deployment) -> Iterator[Problem]:
    """Yield differences from the template's table, stream and key. Raises BotoCoreError or ClientError.

    Stacks of versions without these outputs are not checked.
    """
    try:
        stream, key = deployment.part("LedgerStreamArn"), deployment.part("KeyArn")
    except NotFound:
        return
    table = deployment.table
    try:
        settings = read_settings(deployment.client("dynamodb"), table)
    except ClientError as error:
        yield _unseen(
            error, f"ledger table {table}", "dynamodb:DescribeTable, DescribeTimeToLive and DescribeContinuousBackups"
        )
    else:
        yield from _of_table(table, settings, stream, key)
    try:
        yield from _of_key(deployment, key)
    except ClientError as error:
        yield _unseen(error, f"key {key}", "kms:DescribeKey and kms:GetKeyPolicy")


def _unseen(error: ClientError, what: str, permissions: str) -> Problem:
    """Return a problem for a denied call. Raises any other error."""
    if error.response["Error"].get("Code") not in _DENIED:
        raise error
    return Problem(what, UNSEEN, f"Run this with {permissions}.")


# --- the table


def _of_table(table: str, settings: TableSettings | None, stream: str, key: str) -> Iterator[Problem]:
    name, prepare = f"ledger table {table}", f'Run "sms-consent ledger prepare {table}"'
    if settings is None:
        fix = f'Restore it from a backup, run "sms-consent ledger prepare" on it, and deploy with {TABLE} (docs/deploy.md).'
        yield Problem(name, MISSING, fix)
        return
    if (why := settings.incompatibility()) is not None:
        yield Problem(name, f"is not a ledger: {why}", f"Deploy with the right {TABLE}.")
        return
    for missing in settings.missing_settings(key):
        fix = f"{prepare}."
        if missing.blocked is not None:
            fix = f'{missing.blocked[0].upper()}{missing.blocked[1:]}. Then run "sms-consent ledger prepare {table}".'
        elif missing.need is Need.ENCRYPTION:
            fix = f'Run "sms-consent ledger prepare {table} --key {key}", or deploy with the table\'s key as {KEY}.'
        elif missing.need is Need.STREAM:
            fix = f"{prepare}, and deploy with the {STREAM} that it prints."
        yield Problem(name, missing.message, fix)
    if settings.stream_arn is not None and settings.stream_arn != stream:
        fix = f"{prepare}, and deploy with the {TABLE}, {STREAM} and {KEY} that it prints."
        yield Problem(name, f"has a stream other than {stream}, which NotifyFunction reads: no event is published", fix)


# --- the key


def _of_key(deployment: Deployment, key: str) -> Iterator[Problem]:
    name, kms = f"key {key}", deployment.client("kms")
    try:
        described = kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"].get("Code") != "NotFoundException":
            raise
        fix = f"Nothing that it encrypted can be read. Restore the ledger from a copy with another key, and give that as {KEY}."
        yield Problem(name, "does not exist", fix)
        return
    if described["KeyState"] != "Enabled":
        fix = f"Run: aws kms enable-key --key-id {described['KeyId']}"
        if described["KeyState"] == "PendingDeletion":
            fix = f"Run: aws kms cancel-key-deletion --key-id {described['KeyId']}, then aws kms enable-key with the same id."
        yield Problem(name, f"is {described['KeyState']}: texts cannot be received, and the ledger cannot be read", fix)
        return
    policy = json.loads(kms.get_key_policy(KeyId=described["KeyId"], PolicyName="default")["Policy"])
    topic = deployment.topic_arn
    partition, region, account = topic.split(":")[1], topic.split(":")[3], topic.split(":")[4]
    own = key.split(":")[4]
    if not _delegates(policy, own):
        sid = {"AWS": f"arn:{partition}:iam::{own}:root"}
        yield Problem(name, "does not let the account's roles use it", _add("the functions' roles", sid, None))
    encrypted = _is_encrypted_with(deployment, topic, key)
    services = [("sns.amazonaws.com", topic, "the topic write to the encrypted queue")]
    if encrypted:
        numbers = f"arn:{partition}:sms-voice:{region}:{account}:*"
        services.append(
            ("sms-voice.amazonaws.com", numbers, "AWS End User Messaging SMS publish to the encrypted topic")
        )
    for service, source, what in services:
        if not all(_may(policy, service, action, key, account, source) for action in USES):
            yield Problem(name, f"does not let {what}: texts are lost", _add(what, {"Service": service}, source))


def _may(policy: Mapping[str, Any], service: str, action: str, key: str, account: str, source: str) -> bool:
    source = source.removesuffix("*") + "phone-number/phone-0" if source.endswith(":*") else source
    request = PolicyRequest(service=service, action=action, resource=key, account=account, source_arn=source)
    return evaluate_policy(policy, request) is Access.ALLOWED


def _delegates(policy: Mapping[str, Any], account: str) -> bool:
    """Return whether the account's IAM policies apply to the key, by one statement or several."""
    allowed: set[str] = set()
    for statement in _listed(policy.get("Statement", [])):
        principal = statement.get("Principal", {})
        names = ["*"] if principal == "*" else _listed(principal.get("AWS", []))
        if statement.get("Effect") != "Allow" or statement.get("Condition") or "Action" not in statement:
            continue
        if any(each in ("*", account) or each.endswith(f":iam::{account}:root") for each in names):
            allowed |= {
                use for use in USES for each in _listed(statement["Action"]) if fnmatchcase(use.lower(), each.lower())
            }
    return allowed == set(USES)


def _is_encrypted_with(deployment: Deployment, topic: str, key: str) -> bool:
    """Return whether the topic uses this key. An existing topic may have its own key, which ``connect`` checks."""
    try:
        attributes = deployment.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    except ClientError as error:
        if error.response["Error"].get("Code") not in _DENIED | {"NotFound", "NotFoundException", "AuthorizationError"}:
            raise
        return False
    return attributes.get("KmsMasterKeyId", "") in (key, key.rpartition("/")[2])


def _add(what: str, principal: Mapping[str, str], source: str | None) -> str:
    """Return the missing statement, ready to be copied."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": list(USES), "Resource": "*"}
    if source is not None:
        statement["Condition"] = {"ArnLike": {"aws:SourceArn": source}}
    return f"Add to the key's policy, for {what}: {json.dumps(statement)}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
