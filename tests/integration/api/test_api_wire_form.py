"""The form that Azure Communication Services publishes for Opt Outs, version 2026-01-23, to the letter."""

from __future__ import annotations

import json
import re

import pytest
from support.api_function import Api
from support.world import PERSON

from api.opt_outs import VERSIONS

INVALID = {"to": "+123", "httpStatusCode": 400, "errorMessage": "Invalid recipient phone number format"}


def test_add_answers_each_recipient_in_the_order_asked(api: Api) -> None:
    """The published example, but for its failing third number; what is fine has no further members."""
    response = api.opt_outs("add", "+15555550151", "+123", "+15555550153")
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert json.loads(response.text) == {
        "value": [{"to": "+15555550151", "httpStatusCode": 200}, INVALID, {"to": "+15555550153", "httpStatusCode": 200}]
    }


def test_remove_answers_like_add(api: Api) -> None:
    """One bad number never fails the rest."""
    assert api.items("remove", PERSON, "+123") == [{"to": PERSON, "httpStatusCode": 200}, INVALID]


def test_check_says_of_each_recipient_whether_they_are_opted_out(api: Api) -> None:
    """And says nothing of what is no number."""
    api.items("add", PERSON)
    assert api.items("check", PERSON, "+14255550183", "+123") == [
        {"to": PERSON, "httpStatusCode": 200, "isOptedOut": True},
        {"to": "+14255550183", "httpStatusCode": 200, "isOptedOut": False},
        INVALID,
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["add", "remove", "check"])
def test_every_published_version_is_served(api: Api, operation: str, version: str) -> None:
    """Their bodies are the same."""
    body = json.dumps({"from": "+12125550101", "recipients": [{"to": PERSON}]}).encode()
    response = api.call("POST", f"/sms/optouts:{operation}?api-version={version}", body)
    assert json.loads(response.text)["value"][0]["httpStatusCode"] == 200


def test_another_version_is_refused_by_its_name(api: Api) -> None:
    """As the published answer has it, with its innerError."""
    response = api.call("POST", "/sms/optouts:remove?api-version=2024-12-10w-preview", b"{}")
    assert (response.status_code, response.content_type) == (400, "application/json")
    assert json.loads(response.text) == {
        "error": {
            "code": "InvalidApiVersion",
            "message": "The HTTP resource that matches the request URI 'https://api.example.com/sms/optouts:remove' does not "
            "support the API version '2024-12-10w-preview'.",
            "innerError": None,
        }
    }


def test_no_version_is_refused_as_unspecified(api: Api) -> None:
    """It has a code of its own in the published examples."""
    response = api.call("POST", "/sms/optouts:check", b"{}")
    assert response.status_code == 400
    assert json.loads(response.text)["error"]["code"] == "ApiVersionUnspecified"


def test_a_bad_body_is_answered_with_problem_details(api: Api) -> None:
    """Every field that is wrong is named, and nothing of what was sent is repeated."""
    body = b'{"from": "", "recipients": [{"to": "+14255550182"}, {"to": ""}, {"tp": "+14255550182"}]}'
    response = api.call("POST", "/sms/optouts:add?api-version=2026-01-23", body)
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    problem = json.loads(response.text)
    assert set(problem) == {"type", "title", "status", "errors", "traceId"}
    assert (problem["type"], problem["status"]) == ("https://tools.ietf.org/html/rfc9110#section-15.5.1", 400)
    assert set(problem["errors"]) == {"from", "recipients[1].to", "recipients[2].to"}
    assert all(isinstance(message, str) for messages in problem["errors"].values() for message in messages)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", problem["traceId"])
    assert "5550182" not in response.text


def test_a_request_without_credentials_is_unauthorized(api: Api) -> None:
    """Nothing but code and an empty message."""
    response = api.send("POST", "/sms/optouts:add?api-version=2026-01-23", b"{}")
    assert (response.status_code, response.content_type) == (401, "application/json")
    assert json.loads(response.text) == {"error": {"code": "Unauthorized", "message": ""}}


def test_members_that_are_not_known_are_passed_over(api: Api) -> None:
    """A newer client may send more."""
    body = b'{"from": "+12125550101", "recipients": [{"to": "+14255550182", "newer": 1}], "newest": {}}'
    assert api.call("POST", "/sms/optouts:check?api-version=2026-01-23", body).status_code == 200


def test_no_answer_is_for_caches(api: Api) -> None:
    """It tells of people, and it may have changed by the next request."""
    assert api.opt_outs("check", PERSON).headers["cache-control"] == "no-store"
