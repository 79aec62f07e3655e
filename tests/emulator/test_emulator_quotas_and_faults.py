"""Requests a second, failures on order, and the log of requests."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from moto_sms_voice.extension import models, request_log

PERSON = "+14255550182"


@pytest.fixture(autouse=True)
def _not_on_aws(world: Any) -> None:
    world.not_on_aws()


def outcomes(world: Any) -> list[str]:
    return [one["outcome"] for one in world.control("GET", "requests")["requests"]]


@pytest.fixture
def still(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time only advances when a test advances it, so that a slow machine changes no rate."""
    monkeypatch.setattr(models, "utcnow", lambda: datetime(2026, 1, 1))  # noqa: DTZ001  # moto's times are naive UTC


@pytest.mark.usefixtures("still")
class TestQuotas:
    """Throttling by a token bucket for each operation."""

    @pytest.fixture
    def put(self, sms: Any) -> Any:
        return lambda: sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)

    def test_are_off_unless_switched_on(self, world: Any, put: Any) -> None:
        """A test of something else need not pace itself."""
        for _ in range(15):
            put()
        assert set(outcomes(world)) == {"OK"}

    @pytest.mark.parametrize(
        ("operation", "parameters", "rate"),
        [
            ("put_opted_out_number", {"OptedOutNumber": PERSON}, 10),
            ("delete_opted_out_number", {"OptedOutNumber": PERSON}, 10),
            ("describe_opted_out_numbers", {}, 1),
        ],
    )
    def test_are_as_documented(
        self, world: Any, sms: Any, refused: Any, operation: str, parameters: dict[str, str], rate: int
    ) -> None:
        """Ten puts, ten deletions and one description a second; the next is a ThrottlingException."""
        world.control("POST", "quotas", enabled=True)

        def call() -> None:
            # The list is empty; the call counts nevertheless.
            with contextlib.suppress(sms.exceptions.ResourceNotFoundException):
                getattr(sms, operation)(OptOutListName="Default", **parameters)

        for _ in range(rate):
            call()
        assert refused(call)["Code"] == "ThrottlingException"
        world.control("POST", "clock", advance_seconds=1 / rate)
        call()
        assert refused(call)["Code"] == "ThrottlingException"

    def test_count_each_operation_by_itself(self, world: Any, sms: Any, put: Any) -> None:
        """Puts leave the deletions' rate alone."""
        world.control("POST", "quotas", enabled=True)
        for _ in range(10):
            put()
        sms.delete_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
        assert set(outcomes(world)) == {"OK"}

    @pytest.mark.parametrize("rate", [10, 16])
    def test_let_a_caller_through_that_keeps_the_rate(self, world: Any, put: Any, rate: int) -> None:
        """After the first second's worth, call after call at exactly the rate, which need not be whole milliseconds."""
        world.control("POST", "quotas", enabled={"PutOptedOutNumber": rate})
        for _ in range(rate):
            put()
        for _ in range(12):
            world.control("POST", "clock", advance_seconds=1 / rate)
            put()
        assert set(outcomes(world)) == {"OK"}

    def test_do_not_add_up_while_nothing_happens(self, world: Any, put: Any, refused: Any) -> None:
        """An hour's rest buys one second's worth."""
        world.control("POST", "quotas", enabled=True)
        put()
        world.control("POST", "clock", advance_seconds=3600)
        for _ in range(10):
            put()
        assert refused(put)["Code"] == "ThrottlingException"

    def test_can_be_raised(self, world: Any, put: Any, refused: Any) -> None:
        """As AWS raises them on request."""
        world.control("POST", "quotas", enabled={"PutOptedOutNumber": 20})
        for _ in range(20):
            put()
        assert refused(put)["Code"] == "ThrottlingException"

    def test_can_be_switched_off_again(self, world: Any, put: Any) -> None:
        """And then nothing is throttled."""
        world.control("POST", "quotas", enabled=True)
        world.control("POST", "quotas", enabled=False)
        for _ in range(15):
            put()
        assert set(outcomes(world)) == {"OK"}

    def test_a_throttled_call_has_no_effect(self, world: Any, sms: Any, refused: Any) -> None:
        """And it costs nothing either."""
        world.control("POST", "quotas", enabled={"PutOptedOutNumber": 1})
        sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
        for _ in range(3):
            refused(sms.put_opted_out_number, OptOutListName="Default", OptedOutNumber="+14255550183")
        found = sms.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"]
        assert [one["OptedOutNumber"] for one in found] == [PERSON]

    def test_one_recipient_gets_one_text_a_second_however_high_the_rate(
        self, world: Any, sms: Any, refused: Any
    ) -> None:
        """The limit that AWS does not raise."""
        world.control("POST", "phone-numbers", phone_number="+12125550101")
        world.control("POST", "quotas", enabled={"SendTextMessage": 100})
        text = {"OriginationIdentity": "+12125550101", "MessageBody": "Hello."}
        sms.send_text_message(DestinationPhoneNumber=PERSON, **text)
        sms.send_text_message(DestinationPhoneNumber="+14255550183", **text)
        assert refused(sms.send_text_message, DestinationPhoneNumber=PERSON, **text)["Code"] == "ThrottlingException"
        world.control("POST", "clock", advance_seconds=1)
        sms.send_text_message(DestinationPhoneNumber=PERSON, **text)
        assert len(world.texts()) == 3

    @pytest.mark.parametrize("wrong", [{"PutOptedOutNumbers": 1}, {"PutOptedOutNumber": 0}])
    def test_of_no_operation_or_no_rate_are_refused(self, world: Any, wrong: dict[str, int]) -> None:
        """A misspelt name would make a test that tests nothing."""
        assert world.control_answer("POST", "quotas", enabled=wrong).status_code == 400


class TestFaults:
    """Calls that fail on purpose."""

    @pytest.fixture
    def put(self, sms: Any) -> Any:
        return lambda: sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            ("ThrottlingException", 400),
            ("AccessDeniedException", 400),
            ("InternalServerException", 500),
            ("ValidationException", 400),
            ("ResourceNotFoundException", 400),
        ],
    )
    def test_fail_as_often_as_asked(
        self, world: Any, sms: Any, put: Any, refused: Any, error: str, status: int
    ) -> None:
        """The next two calls of the operation fail before they take effect; the third succeeds."""
        world.control("POST", "faults", operation="PutOptedOutNumber", error=error, times=2)
        for _ in range(2):
            failed = refused(put)
            assert (failed["Code"], failed["ResponseMetadata"]["HTTPStatusCode"]) == (error, status)
            assert sms.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"] == []
        put()

    def test_after_the_effect_only_the_answer_is_lost(self, world: Any, sms: Any, put: Any, refused: Any) -> None:
        """The number is on the list although the caller got an error."""
        world.control(
            "POST", "faults", operation="PutOptedOutNumber", error="InternalServerException", after_effect=True
        )
        refused(put)
        assert len(sms.describe_opted_out_numbers(OptOutListName="Default")["OptedOutNumbers"]) == 1

    def test_leave_other_operations_alone(self, world: Any, sms: Any) -> None:
        """A fault is for one operation."""
        world.control("POST", "faults", operation="PutOptedOutNumber", error="ThrottlingException")
        sms.describe_opted_out_numbers(OptOutListName="Default")

    def test_come_in_the_order_they_were_asked_for(self, world: Any, put: Any, refused: Any) -> None:
        """Different errors one after the other, each with the message and reason asked for."""
        world.control("POST", "faults", operation="PutOptedOutNumber", error="ThrottlingException", message="Slow.")
        world.control("POST", "faults", operation="PutOptedOutNumber", error="ValidationException", reason="OTHER")
        first, second = refused(put), refused(put)
        assert (first["Code"], first["Error"]["Message"]) == ("ThrottlingException", "Slow.")
        assert (second["Code"], second["Reason"]) == ("ValidationException", "OTHER")

    def test_may_be_errors_that_the_model_does_not_know(self, world: Any) -> None:
        """Proxies in front of AWS have their own errors."""
        fault = {"operation": "PutOptedOutNumber", "error": "ExpiredTokenException"}
        assert world.control_answer("POST", "faults", **fault).status_code == 200
        body = b'{"OptOutListName": "Default", "OptedOutNumber": "+14255550182"}'
        answer = world.raw("PutOptedOutNumber", body)
        assert (answer.status_code, answer.json()["__type"]) == (400, "ExpiredTokenException")

    def test_are_overcome_by_a_client_that_retries(self, world: Any) -> None:
        """botocore's own retries see what they would see of AWS."""
        patient = boto3.client(
            "pinpoint-sms-voice-v2",
            region_name="us-east-1",
            endpoint_url=world.endpoint,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 2, "mode": "standard"}),
        )
        fault = {"error": "InternalServerException", "after_effect": True}
        world.control("POST", "faults", operation="CreateOptOutList", **fault)
        # The client repeats its ClientToken, so the second attempt returns the list that the first one created.
        patient.create_opt_out_list(OptOutListName="brand")
        assert outcomes(world) == ["InternalServerException", "OK"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"operation": "PutOptedOutNumbers", "error": "ThrottlingException"},
            {"operation": "PutOptedOutNumber", "error": "ThrottlingException", "times": 0},
            {"operation": "PutOptedOutNumber"},
            {"operation": "PutOptedOutNumber", "error": "ThrottlingException", "time": 2},
        ],
    )
    def test_that_make_no_sense_are_refused(self, world: Any, wrong: dict[str, Any]) -> None:
        """Rather than make a test that tests nothing."""
        assert world.control_answer("POST", "faults", **wrong).status_code == 400


class TestTheLogOfRequests:
    """What a test reads to check rates and order."""

    def test_has_every_call_in_order_with_time_and_outcome(self, world: Any, sms: Any, refused: Any) -> None:
        """Refused calls included, whatever refused them."""
        sms.put_opted_out_number(OptOutListName="Default", OptedOutNumber=PERSON)
        world.control("POST", "clock", advance_seconds=3600)
        refused(sms.delete_opt_out_list, OptOutListName="Default")
        refused(sms.put_opted_out_number, OptOutListName="Default", OptedOutNumber="tel")
        log = world.control("GET", "requests")["requests"]
        assert [(one["operation"], one["outcome"]) for one in log] == [
            ("PutOptedOutNumber", "OK"),
            ("DeleteOptOutList", "ConflictException"),
            ("PutOptedOutNumber", "ValidationException"),
        ]
        assert log[0]["at"] < log[1]["at"] <= log[2]["at"]

    def test_is_not_filtered(self, world: Any) -> None:
        """Ignoring a filter would be misleading."""
        assert world.control_answer("GET", "requests", operation="PutOptedOutNumber").status_code == 400

    def test_is_read_page_by_page(self, world: Any, sms: Any) -> None:
        """``next`` of one page is ``start`` of the following one; the last page is empty."""
        for _ in range(5):
            sms.describe_opt_out_lists()
        pages, start = [], 0
        while found := world.control("GET", "requests", start=start, limit=2):
            pages.append(len(found["requests"]))
            start = found["next"]
            if not found["requests"]:
                break
        assert (pages, start) == ([2, 2, 1, 0], 5)

    def test_keeps_the_latest_calls_only(self) -> None:
        """A server that runs for days does not fill its memory; calls keep their numbers."""
        log = request_log.RequestLog()
        for number in range(request_log.KEPT + 10):
            log.add(request_log.RequestRecord(str(number), datetime(2026, 1, 1), "OK"))  # noqa: DTZ001
        found, following = log.page(start=3, limit=2)
        assert ([each.operation for each in found], following) == (["10", "11"], 12)
        assert log.page(start=request_log.KEPT + 100) == ((), request_log.KEPT + 10)

    @pytest.mark.parametrize("wrong", [{"start": -1}, {"limit": 0}, {"start": "x"}])
    def test_has_no_page_that_makes_no_sense(self, world: Any, wrong: dict[str, Any]) -> None:
        """400."""
        assert world.control_answer("GET", "requests", **wrong).status_code == 400

    @pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json"])
    def test_as_every_control_path_takes_json_whatever_it_is_declared_to_be(
        self, world: Any, sms: Any, refused: Any, content_type: str
    ) -> None:
        """curl declares what it posts to be a form, unless told otherwise."""
        base = world.endpoint or "http://motoapi.amazonaws.com"
        body = b'{"operation": "DescribeOptOutLists", "error": "ThrottlingException"}'
        url = f"{base}/moto-api/pinpointsmsvoicev2/faults"
        answer = requests.post(url, data=body, headers={"Content-Type": content_type}, timeout=60)
        assert answer.status_code == 200
        assert refused(sms.describe_opt_out_lists)["Code"] == "ThrottlingException"

    def test_as_a_form_is_no_json(self, world: Any) -> None:
        """400, and not ignored."""
        base = world.endpoint or "http://motoapi.amazonaws.com"
        url = f"{base}/moto-api/pinpointsmsvoicev2/clock"
        assert requests.post(url, data={"advance_seconds": "5"}, timeout=60).status_code == 400

    @pytest.mark.parametrize(("method", "path"), [("POST", "texts"), ("GET", "clock"), ("PUT", "faults")])
    def test_as_every_control_path_has_one_method(self, world: Any, method: str, path: str) -> None:
        """405 for the others."""
        assert world.control_answer(method, path).status_code == 405

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("clock", b"{"),
            ("clock", b"[]"),
            ("clock", b"5"),
            ("clock", b"{}"),
            ("clock", b'{"advance_seconds": -1}'),
            ("clock", b'{"advance_seconds": 1e300}'),
            ("clock", b'{"advance_seconds": NaN}'),
            ("inbound", b'{"from": 1, "to": "+12125550101", "body": "STOP"}'),
            ("quotas", b'{"enabled": "yes"}'),
            ("quotas", b'{"enabled": {"PutOptedOutNumber": Infinity}}'),
        ],
    )
    def test_as_every_control_path_refuses_what_makes_no_sense(self, world: Any, path: str, body: bytes) -> None:
        """400, not a crash."""
        base = world.endpoint or "http://motoapi.amazonaws.com"
        answer = requests.post(f"{base}/moto-api/pinpointsmsvoicev2/{path}", data=body, timeout=60)
        assert answer.status_code == 400
