"""The whole local stack, functions, queue and stream included: deleted and created again, then restored to an earlier moment.

Run in a separate process, since a local stack changes the process that it runs in. Prints the resulting state as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

import boto3  # noqa: E402  the path comes first
from typer.testing import CliRunner  # noqa: E402

from sms_consent_cli.local.assembly import Local, assemble  # noqa: E402
from sms_consent_cli.local.aws_environment import isolate, read_service_models_once  # noqa: E402
from sms_consent_cli.local.deployment import STACK  # noqa: E402
from sms_consent_cli.main import app  # noqa: E402

OURS = "+12125550101"
EARLY, LATE, WAITING = "+14255550181", "+14255550182", "+14255550183"
GIVEN = {"Brand": "Example", "SupportContact": "help.example.com"}
COMPOSED = ("sms_consent.bootstrap", "handlers.")
IDS = (f"text-{number}" for number in count())


def command(*arguments: str) -> Any:
    """What a command prints as JSON."""
    return json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)


def text(local: Local, number: str, body: str) -> None:
    """An end user's text, through topic, queue and function; two minutes pass."""
    message = {
        "originationNumber": number, "destinationNumber": OURS, "messageBody": body, "inboundMessageId": next(IDS),
    }  # fmt: skip
    boto3.client("sns").publish(TopicArn=local.topic_arn, Message=json.dumps(message))
    local.stack.settle()
    local.stack.advance(timedelta(minutes=2))


def status(number: str) -> str:
    """As `sms-consent check` has it."""
    consents = command("check", number).get("consents") or [{"status": "UNKNOWN"}]
    return str(consents[0]["status"])


def settled(local: Local) -> dict[str, Any]:
    """Who is on the list, and who is opted out, after the next daily run of ReconcileFunction."""
    local.stack.advance(timedelta(days=1))
    local.stack.settle()
    sms = boto3.client("pinpoint-sms-voice-v2")
    numbers = sms.describe_opted_out_numbers(OptOutListName=local.opt_out_list)["OptedOutNumbers"]
    return {
        "listed": sorted(each["OptedOutNumber"] for each in numbers),
        "statuses": {number: status(number) for number in (EARLY, LATE, WAITING)},
    }


def created_again(local: Local, table: str) -> Local:
    """Delete the stack, and create it with this table and with the list and key that it left behind."""
    name = local.opt_out_list
    arn = name if name.startswith("arn:") else f"arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/{name}"
    parameters = command("ledger", "prepare", table)["parameters"]
    boto3.client("cloudformation").delete_stack(StackName=STACK)
    boto3.client("iam").delete_role(RoleName="local-functions")  # the local stack's own, in no template
    for module in [module for name, module in sys.modules.items() if name.startswith(COMPOSED)]:
        for part in vars(module).values():
            if hasattr(part, "cache_clear"):  # the functions begin anew, with their new environment
                part.cache_clear()
    return assemble(ROOT / "template.yaml", GIVEN | parameters | {"ExistingOptOutListArn": arn}, [])


def recover() -> dict[str, Any]:
    """Go through both recoveries."""
    first = assemble(ROOT / "template.yaml", GIVEN, [OURS])
    text(first, EARLY, "STOP")
    for body in ("STOP", "START", "STOP", "START"):
        text(first, WAITING, body)
    second = created_again(first, first.table)
    recreated = settled(second)
    text(second, EARLY, "START")
    lifted = status(EARLY)
    text(second, EARLY, "STOP")
    boto3.client("dynamodb").restore_table_to_point_in_time(
        SourceTableName=second.table, TargetTableName="restored", UseLatestRestorableTime=True
    )
    second.stack.advance(timedelta(minutes=5))
    text(second, LATE, "STOP")
    text(second, WAITING, "STOP")
    third = created_again(second, "restored")
    return {
        "recreated": recreated,
        "lifted": lifted,
        "restored": settled(third),
        "table": third.table,
        "problems": command("doctor")["problems"],
    }


if __name__ == "__main__":
    isolate()
    read_service_models_once()
    with contextlib.redirect_stdout(io.StringIO()):
        found = recover()
    sys.stdout.write(json.dumps(found))
