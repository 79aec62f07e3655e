"""The end-to-end test of a deployment with a STOP and a START."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.adapters.sms_voice.opt_out_list import AwsOptOutList
from sms_consent_cli.commands.connect.delivery_check import DeliveryFailed, DeliveryTest
from sms_consent_cli.commands.doctor.deep.finding import Finding, failed, passed, unknown
from sms_consent_cli.shared.command_context import CommandContext
from sms_consent_cli.shared.deployment import Deployment

__all__ = ["send_test_stop"]


def send_test_stop(deployment: Deployment, timeout: float) -> Iterator[Finding]:
    """Send a STOP and a START, and yield one finding. Each of them may take ``timeout`` seconds.

    Both numbers are reserved for fiction, so no person is opted out. The decisions stay in the ledger, as those of `connect` do.
    """
    context = CommandContext(deployment)
    delivery_test = DeliveryTest(
        sns=deployment.client("sns"),
        topic=deployment.topic_arn,
        queries=context.queries,
        opt_out_list=AwsOptOutList(deployment.sms_voice()),
        list_name=deployment.names.canonical(deployment.part("OptOutListName")),
        clock=context.clock,
        timeout=timeout,
    )
    try:
        yield passed(delivery_test.run())
    except DeliveryFailed as error:
        _send_start(delivery_test)
        yield failed(str(error), "See the checks above, one for each part of the path.")
    except (ClientError, BotoCoreError) as error:
        _send_start(delivery_test)
        code = error.response["Error"].get("Code") if isinstance(error, ClientError) else type(error).__name__
        fix = "Allow sns:Publish on the topic, and kms:GenerateDataKey and kms:Decrypt on its key."
        yield unknown(f"the test STOP could not be sent or followed: {code}", fix)


def _send_start(delivery_test: DeliveryTest) -> None:
    """Send a START after a failed test, so that the number does not stay on the list if the STOP is processed late."""
    with suppress(ClientError, BotoCoreError):
        delivery_test.publish("START")
