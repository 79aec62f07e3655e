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
        ({"aws_access_key_id": "AKIAAAAAAAAAAAAAAAAA"}, "UnrecognizedClientException"),
        ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
    ],
)
def test_credentials_that_are_wrong_are_refused(
    world: Any, user: dict[str, str], refused: Any, changed: dict[str, str], code: str
) -> None:
    """With the common errors of AWS's JSON services."""
    error = refused(world.client(**{**user, **changed}).describe_opt_out_lists)
    assert (error["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)
