"""A consumer of events that stores who may be texted. It keeps the newest version of each consent, so duplicates and order do
not matter."""

import os
from contextlib import suppress

import boto3


def handler(event, _context):
    detail = event["detail"]
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    with suppress(table.meta.client.exceptions.ConditionalCheckFailedException):  # it came before, or a newer one did
        table.put_item(
            Item={name: detail[name] for name in ("number", "list", "status", "version")},
            ConditionExpression="attribute_not_exists(version) OR version < :version",
            ExpressionAttributeValues={":version": detail["version"]},
        )
