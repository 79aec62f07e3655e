"""Where the emulator's tests run: in this process, against a server, or against AWS.

Every test runs in both of the first two worlds. With EMULATOR_TESTS_ON_AWS set to an account's number, those tests that
need no control over the service run against that account, and only there: see README.md beside this file.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer
from support.aws_contract import NUMBER, Guard, NotAllowed, differences, told_by

import moto_sms_voice

SERVICE = "pinpoint-sms-voice-v2"
TOLD = told_by(os.environ)
ON_AWS = TOLD is not None
GUARD = Guard(TOLD) if TOLD is not None else None
CLAIMS: dict[str, str] = {}
WORLDS = ["aws"] if ON_AWS else ["in-process", "server"]
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
# Errors of the protocol and of moto, in addition to those that the model lists for an operation.
HELD_SO_FAR = "held as far as AWS shows it"
BEYOND_THE_MODEL = {
    "InvalidSignatureException",
    "NotImplemented",
    "SerializationException",
    "UnknownOperationException",
    "UnrecognizedClientException",
}

# One session, since each reads the service models again. The type stubs know services by literal names only.
new_client: Any = boto3.Session().client

moto_sms_voice.install()


@dataclass
class World:
    """Where a test runs, and how it gets at the service and, except on AWS, behind it."""

    name: str
    endpoint: str | None = None
    calls: int | None = None  # of the service, by the current test; None outside tests
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str = SERVICE, region: str = "us-east-1", **options: Any) -> Any:
        """A client; every answer of the service is held against its model."""
        key = json.dumps([service, region, options], sort_keys=True)
        if key not in self._clients:
            # AWS throttles CreateOptOutList at one a second; elsewhere a retry would hide what is tested.
            retries: Any = {"total_max_attempts": 10 if ON_AWS else 1, "mode": "standard"}
            config = Config(retries=retries, parameter_validation=options.pop("validate", True))
            credentials = {} if ON_AWS else {**CREDENTIALS, **options}
            where = None if ON_AWS and region == "us-east-1" else region  # on AWS, that of the environment
            client = new_client(service, region_name=where, endpoint_url=self.endpoint, config=config, **credentials)
            client.meta.events.register(f"after-call.{SERVICE}", answer_is_as_modelled)
            if GUARD is not None and service == SERVICE:
                client.meta.events.register(f"provide-client-params.{SERVICE}", self._guarded)
                client.meta.events.register_last(f"after-call.{SERVICE}", with_stand_ins)
            self._clients[key] = client
        return self._clients[key]

    def _guarded(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any]:
        """A call that is not allowed on AWS ends its test, before it is made."""
        assert GUARD is not None
        given: dict[str, Any] = GUARD.outgoing(params)
        try:
            GUARD.check(model.name, given)
        except NotAllowed as reason:
            self.not_on_aws(str(reason))
        if self.calls is not None:
            self.calls += 1
        return given

    def not_on_aws(self, reason: str = "it needs the account to itself, or would cost money") -> None:
        """For a test that controls the service, costs money there, or needs the account to itself."""
        if ON_AWS:
            pytest.skip(f"{HELD_SO_FAR if self.calls else 'not on AWS'}: {reason}")

    def control(self, method: str, path: str, **given: Any) -> Any:
        """The emulator's control paths; a test that needs them is skipped on AWS."""
        answer = self.control_answer(method, path, **given)
        answer.raise_for_status()
        return answer.json()

    def control_answer(self, method: str, path: str, **given: Any) -> requests.Response:
        self.not_on_aws(f"only the emulator can be asked for {path}")
        base = self.endpoint or "http://motoapi.amazonaws.com"
        url = f"{base}/moto-api/pinpointsmsvoicev2/{path}"
        if method == "GET":
            return requests.get(url, params=given, timeout=60)
        return requests.request(method, url, json=given, timeout=60)

    def raw(self, operation: str, body: bytes, target: str | None = None) -> requests.Response:
        """A request that no client would make."""
        self.not_on_aws("it is no request that a client would make")
        headers = {
            "X-Amz-Target": f"PinpointSMSVoiceV2.{operation}" if target is None else target,
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/sms-voice/aws4_request, x=y",
        }
        url = self.endpoint or "https://sms-voice.us-east-1.amazonaws.com"
        return requests.post(f"{url}/", data=body, headers=headers, timeout=60)

    def texts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "texts")["texts"]
        return found

    def pass_days(self, days: float) -> None:
        self.control("POST", "clock", advance_seconds=days * 86400)


def answer_is_as_modelled(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Every answer in these tests, wanted or not, is one that the service model describes."""
    body = json.loads(http_response.content)
    if http_response.status_code == 200:
        conforms(model.output_shape, body, model.name)
        return
    code = parsed["Error"]["Code"]
    shapes = {shape.name: shape for shape in model.error_shapes}
    assert code in {*shapes, *BEYOND_THE_MODEL}, f"{model.name} raises no {code}"
    if code in shapes:
        conforms(shapes[code], {name: value for name, value in body.items() if name != "__type"}, code)


def with_stand_ins(parsed: dict[str, Any], **_: Any) -> None:
    """Tests read the numbers that they wrote."""
    assert GUARD is not None
    for name, value in list(parsed.items()):
        if name != "ResponseMetadata":
            parsed[name] = GUARD.incoming(value)


def conforms(shape: Any, value: Any, path: str) -> None:
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members) - {"message"}
        assert not unknown, f"{path}: {unknown} is in no model"
        assert set(shape.required_members) <= set(value), f"{path}: {shape.required_members} are required"
        for name, member in shape.members.items():
            if name in value:
                conforms(member, value[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            conforms(shape.member, item, f"{path}[]")
    elif shape.type_name == "string":
        assert isinstance(value, str), path
        assert not shape.enum or value in shape.enum, f"{path}: {value} is not in the enum"
    elif shape.type_name == "boolean":
        assert isinstance(value, bool), path
    elif shape.type_name == "timestamp":
        assert isinstance(value, int | float), path


@pytest.fixture(scope="session")
def server() -> Iterator[World]:
    """One server for all tests of a process, on a port of the system's choice."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request is noise
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield World("server", f"http://{host}:{port}")
    running.stop()
    assert running._server is not None
    running._server.server_close()  # moto leaves the socket to the garbage collector, which warns of it


@pytest.fixture(scope="session")
def in_process() -> World:
    """The world of this process; its clients serve all modules."""
    return World("in-process")


@pytest.fixture(scope="module", params=WORLDS)
def running_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The world of this run, set up once for a module: starting moto's mock costs more than most tests."""
    if request.param == "server":
        yield request.getfixturevalue("server")
    elif request.param == "aws":
        yield World("aws")
    else:
        with mock_aws():
            yield request.getfixturevalue("in_process")


@pytest.fixture
def world(running_world: World) -> Iterator[World]:
    """The world of this run, empty; on AWS, without what the test made."""
    running_world.calls = None
    if GUARD is None:
        moto_api_backend.reset()  # the server runs in this process, so this empties either
        yield running_world
        return
    yield running_world
    running_world.calls = None
    GUARD.clean(boto3.client(SERVICE))


@pytest.fixture
def sms(world: World) -> Any:
    """A client of the service."""
    return world.client()


@pytest.fixture
def opt_out_list(sms: Any) -> str:
    """The name of a new opt-out list."""
    name = f"list-{uuid.uuid4().hex}"
    sms.create_opt_out_list(OptOutListName=name)
    return name


@pytest.fixture
def refused() -> Callable[..., dict[str, Any]]:
    """Make a call that must be refused, and get the refusal's members at the top level, with its ``Code``."""

    def call(operation: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            operation(**parameters)
        response: dict[str, Any] = dict(caught.value.response)
        return {**response, "Code": response["Error"]["Code"]}

    return call


@pytest.fixture
def originator(world: World, opt_out_list: str) -> dict[str, str]:
    """A phone number of the account, on the new list, without two-way messaging: on AWS, the simulator number."""
    if GUARD is not None:
        if GUARD.number is None:
            world.not_on_aws(f"{NUMBER} names no simulator number")
        assert GUARD.number is not None
        world.client().update_phone_number(PhoneNumberId=GUARD.number["id"], OptOutListName=opt_out_list)
        return {"phone_number_id": GUARD.number["id"], "phone_number_arn": GUARD.number["arn"]}
    added: dict[str, str] = world.control(
        "POST", "phone-numbers", phone_number="+12125550101", opt_out_list_name=opt_out_list
    )
    return added


# --- on AWS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is about moto has nothing to ask AWS; what a test claims is kept for the summary."""
    for item in items:
        if "emulator" not in item.path.parts or not ON_AWS:
            continue
        CLAIMS[item.nodeid] = (getattr(item.obj, "__doc__", None) or item.name).strip().splitlines()[0]  # type: ignore[attr-defined]  # tests are functions
        if getattr(item.obj, "is_hypothesis_test", False):  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.skip(reason="not on AWS: it makes hundreds of calls, at one a second"))
        elif "world" not in item.fixturenames:  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.skip(reason="not on AWS: it is about moto, not about the service"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """What its fixtures have asked shows nothing yet."""
    world = getattr(item, "funcargs", {}).get("world")
    if isinstance(world, World):
        world.calls = 0


@pytest.fixture(scope="session", autouse=True)
def account() -> None:
    """The account that was meant, and the simulator number in it: looked at once, before anything is changed."""
    if GUARD is None:
        return
    try:
        GUARD.look_round(boto3.client("sts"), boto3.client(SERVICE))
    except NotAllowed as reason:
        pytest.exit(f"{reason}: nothing was done", 4)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Where AWS differs: this is what the run is for."""
    if not ON_AWS:
        return
    stats = terminalreporter.stats
    skipped = [str(report.longrepr[2]) for report in stats.get("skipped", [])]
    held = sum(HELD_SO_FAR in reason for reason in skipped)
    differing = differences([*stats.get("failed", []), *stats.get("error", [])], CLAIMS)
    terminalreporter.section("the emulator and AWS")
    terminalreporter.line(
        f"{len(stats.get('passed', []))} tests hold on AWS, {held} as far as AWS shows it, {len(differing)} differ, "
        f"{len(skipped) - held} were not run there"
    )
    for each in differing:
        terminalreporter.line("")
        terminalreporter.line(each)
    if GUARD is not None and GUARD.left_behind:
        terminalreporter.section("left behind: undo it by hand")
        for each in GUARD.left_behind:
            terminalreporter.line(each)
