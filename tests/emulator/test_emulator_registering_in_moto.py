"""How the backend gets into moto, and what keeps accounts, regions, clients and threads apart."""

from __future__ import annotations

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto import backend_index
from moto.cloudformation import parsing
from moto.moto_api._internal.models import moto_api_backend

import moto_sms_voice

PERSON = "+14255550182"


def test_importing_it_changes_nothing() -> None:
    """Only install() registers the backend: the import alone does not even load moto."""
    code = "import sys, moto_sms_voice; sys.exit('moto' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  # this interpreter, and a constant


def test_it_knows_nothing_of_this_project() -> None:
    """It imports only moto, what moto requires, the standard library and itself, so that it can be contributed to moto."""
    package = Path(moto_sms_voice.__file__).parent
    trees = [ast.parse(module.read_text(encoding="utf-8")) for module in package.rglob("*.py")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    absolute = [node for node in imports if not (isinstance(node, ast.ImportFrom) and node.level)]
    names = {alias.name for node in absolute if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in absolute if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"moto", "botocore", "werkzeug"}


def test_installing_twice_registers_once() -> None:
    """install() is idempotent."""
    moto_sms_voice.install()
    patterns = [service for service, _ in backend_index.backend_url_patterns]
    assert patterns.count("pinpointsmsvoicev2") == 1


def test_a_template_read_before_installing_does_no_harm() -> None:
    """moto forgets which resource types it knew."""
    before = parsing.get_model_map()
    moto_sms_voice.install()
    after = parsing.get_model_map()
    assert after is not before
    assert "AWS::SMSVOICE::OptOutList" in after


def test_moto_and_the_emulator_share_one_state() -> None:
    """The module is the same under moto's name and its own."""
    from moto.pinpointsmsvoicev2.models import pinpointsmsvoicev2_backends as by_moto  # type: ignore[import-not-found]

    from moto_sms_voice.pinpointsmsvoicev2.models import pinpointsmsvoicev2_backends

    assert by_moto is pinpointsmsvoicev2_backends


def test_a_bare_botocore_session_is_answered_too(world: Any) -> None:
    """Not only boto3's clients reach the emulator."""
    client: Any = botocore.session.Session().create_client(
        "pinpoint-sms-voice-v2",
        region_name="us-east-1",
        endpoint_url=world.endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    world.not_on_aws()
    assert [one["OptOutListName"] for one in client.describe_opt_out_lists()["OptOutLists"]] == ["Default"]


def test_regions_are_kept_apart(world: Any) -> None:
    """A list of one region is in no other, and its ARN names the region."""
    world.not_on_aws()
    made = world.client(region="eu-west-1").create_opt_out_list(OptOutListName="brand")
    found = world.client(region="us-east-1").describe_opt_out_lists()["OptOutLists"]
    assert ":eu-west-1:" in made["OptOutListArn"]
    assert [one["OptOutListName"] for one in found] == ["Default"]


def test_accounts_are_kept_apart(world: Any) -> None:
    """A list of one account is in no other, and its ARN names the account."""
    world.not_on_aws()
    role = world.client("sts").assume_role(RoleArn="arn:aws:iam::210987654321:role/other", RoleSessionName="other")
    other = world.client(
        aws_access_key_id=role["Credentials"]["AccessKeyId"],
        aws_secret_access_key=role["Credentials"]["SecretAccessKey"],
        aws_session_token=role["Credentials"]["SessionToken"],
    )
    made = other.create_opt_out_list(OptOutListName="brand")
    assert ":210987654321:" in made["OptOutListArn"]
    assert [one["OptOutListName"] for one in world.client().describe_opt_out_lists()["OptOutLists"]] == ["Default"]


@pytest.mark.parametrize("form", [{"account_id": "210987654321"}, {"region": "eu-west-1"}])
def test_the_control_paths_take_account_and_region(world: Any, form: dict[str, str]) -> None:
    """A number added to one account and region is in that one alone."""
    world.control("POST", "phone-numbers", phone_number="+12125550101", **form)
    stop = {"from": PERSON, "to": "+12125550101", "body": "STOP"}
    assert world.control_answer("POST", "inbound", **stop).status_code == 404
    assert world.control_answer("POST", "inbound", **stop, **form).status_code == 200
    assert world.texts() == []
    assert len(world.control("GET", "texts", **form)["texts"]) == 1


def test_what_is_not_implemented_says_so(world: Any, refused: Any) -> None:
    """An operation that the emulator lacks answers 501, and is not passed over in silence."""
    world.not_on_aws()
    error = refused(world.client().create_registration, RegistrationType="US_TEN_DLC_BRAND_REGISTRATION")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "CreateRegistration" in error["Error"]["Message"]


@pytest.mark.parametrize("operation", ["NoSuchOperation", "createOptOutList", "create_opt_out_list", ""])
def test_an_unknown_operation_is_refused_as_by_aws(world: Any, operation: str) -> None:
    """UnknownOperationException with status 400, whatever Python method the name resembles."""
    answer = world.raw(operation, b"{}")
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize("target", ["DynamoDB_20120810.DescribeOptOutLists", "DescribeOptOutLists", ""])
def test_a_target_of_another_service_is_refused(world: Any, target: str) -> None:
    """The operation's name alone is not enough."""
    answer = world.raw("", b"{}", target=target)
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")


def test_a_text_is_never_taken_for_parameters(world: Any, sms: Any, originator: dict[str, str]) -> None:
    """A body that looks like a form is sent as it is."""
    body = "x&Action=DeleteOptOutList&AWSAccessKeyId=x&y"
    sms.send_text_message(
        DestinationPhoneNumber=PERSON, OriginationIdentity=originator["phone_number_id"], MessageBody=body
    )
    assert [text["body"] for text in world.texts()] == [body]


def test_calls_at_the_same_time_all_take_effect(world: Any, sms: Any, opt_out_list: str) -> None:
    """Forty numbers put by eight threads are forty numbers on the list."""
    people = [f"+1425555{last:04}" for last in range(100, 140)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: sms.put_opted_out_number(OptOutListName=opt_out_list, OptedOutNumber=one), people))
    found = sms.describe_opted_out_numbers(OptOutListName=opt_out_list)["OptedOutNumbers"]
    assert [one["OptedOutNumber"] for one in found] == people


def test_motos_reset_empties_it(world: Any, sms: Any) -> None:
    """Moved time, switched quotas, lists and texts go with moto's own reset."""
    world.pass_days(100)
    sms.create_opt_out_list(OptOutListName="brand")
    moto_api_backend.reset()
    assert [one["OptOutListName"] for one in sms.describe_opt_out_lists()["OptOutLists"]] == ["Default"]
    assert len(world.control("GET", "requests")["requests"]) == 1
