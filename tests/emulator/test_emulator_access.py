"""moto's enforcement of IAM, with the errors of AWS's JSON services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.authorization import enable_iam_authentication


@pytest.fixture
def user(world: Any) -> dict[str, str]:
    """The keys of a user who may describe lists, and nothing else."""
    world.not_on_aws()
    iam = world.client("iam")
    iam.create_user(UserName="reader")
    allowed = [{"Effect": "Allow", "Action": "sms-voice:DescribeOptOutLists", "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


@pytest.fixture
def enforced(user: dict[str, str]) -> Iterator[None]:
    """moto checks signatures and permissions from here on."""
    with enable_iam_authentication():
        yield


@pytest.mark.usefixtures("enforced")
def test_what_a_user_may_not_do_is_denied(world: Any, user: dict[str, str], refused: Any) -> None:
    """AccessDeniedException with status 400; what the user may do succeeds."""
    client = world.client(**user)
    assert client.describe_opt_out_lists()["OptOutLists"]
    error = refused(client.create_opt_out_list, OptOutListName="brand")
    assert (error["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDeniedException", 400)
    assert "sms-voice:CreateOptOutList" in error["Error"]["Message"]


@pytest.mark.usefixtures("enforced")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aws_access_key_id": "AKIA" + "A" * 16}, "UnrecognizedClientException"),
        ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
    ],
)
def test_credentials_that_are_wrong_are_refused(
    world: Any, user: dict[str, str], refused: Any, changed: dict[str, str], code: str
) -> None:
    """With the common errors of AWS's JSON services."""
    error = refused(world.client(**{**user, **changed}).describe_opt_out_lists)
    assert (error["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)


class TestAPolicyForSomeResources:
    """A user whose policy names the resources, as policies of least privilege do."""

    @pytest.fixture
    def client(self, world: Any, sms: Any) -> Any:
        """May put numbers on the list ``brand``, and send from one number."""
        world.not_on_aws()
        for name in ("brand", "other"):
            sms.create_opt_out_list(OptOutListName=name)
        added = [world.control("POST", "phone-numbers", phone_number=f"+1212555010{last}") for last in range(2)]
        prefix = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list"
        allowed = [
            {"Effect": "Allow", "Action": "sms-voice:PutOptedOutNumber", "Resource": f"{prefix}/brand"},
            {"Effect": "Allow", "Action": "sms-voice:SendTextMessage", "Resource": added[0]["phone_number_arn"]},
        ]
        iam = world.client("iam")
        iam.create_user(UserName="worker")
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_user_policy(UserName="worker", PolicyName="some", PolicyDocument=document)
        key = iam.create_access_key(UserName="worker")["AccessKey"]
        with enable_iam_authentication():
            yield world.client(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    def test_is_for_these_lists_and_numbers_alone(self, client: Any, refused: Any) -> None:
        """By name or number, and by ARN."""
        person = "+14255550182"
        client.put_opted_out_number(OptOutListName="brand", OptedOutNumber=person)
        error = refused(client.put_opted_out_number, OptOutListName="other", OptedOutNumber=person)
        assert error["Code"] == "AccessDeniedException"
        text = {"DestinationPhoneNumber": "+14255550183", "MessageBody": "Hello."}
        client.send_text_message(OriginationIdentity="+12125550100", **text)
        error = refused(client.send_text_message, OriginationIdentity="+12125550101", **text)
        assert error["Code"] == "AccessDeniedException"
