"""Keeps who may be texted: the newest version of each consent wins, however often and in whatever order events come."""

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
