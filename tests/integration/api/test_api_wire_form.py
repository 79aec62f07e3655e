"""The published wire form of Azure Communication Services' Opt Outs, version 2026-01-23."""

from __future__ import annotations

import json
import re

import pytest
from support.api_function import Api
from support.world import PERSON

from api.opt_outs import VERSIONS

INVALID = {"to": "+123", "httpStatusCode": 400, "errorMessage": "Invalid recipient phone number format"}


def test_add_returns_an_item_for_each_recipient_in_order(api: Api) -> None:
    """The published example, without its failing third number. Successful items have no further members."""
    response = api.opt_outs("add", "+15555550151", "+123", "+15555550153")
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert json.loads(response.text) == {
        "value": [{"to": "+15555550151", "httpStatusCode": 200}, INVALID, {"to": "+15555550153", "httpStatusCode": 200}]
    }


def test_remove_has_the_same_form(api: Api) -> None:
    """An invalid number does not fail the others."""
    assert api.items("remove", PERSON, "+123") == [{"to": PERSON, "httpStatusCode": 200}, INVALID]


def test_check_returns_whether_each_recipient_is_opted_out(api: Api) -> None:
    """Invalid numbers have no isOptedOut."""
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


def test_another_version_is_an_invalid_api_version(api: Api) -> None:
    """As in the published response, with its innerError."""
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


def test_a_missing_version_is_unspecified(api: Api) -> None:
    """The published examples have a separate code for it."""
    response = api.call("POST", "/sms/optouts:check", b"{}")
    assert response.status_code == 400
    assert json.loads(response.text)["error"]["code"] == "ApiVersionUnspecified"


def test_an_invalid_body_gets_problem_details(api: Api) -> None:
    """Every invalid field is named, and no input is repeated."""
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
    """The response has the code and an empty message."""
    response = api.send("POST", "/sms/optouts:add?api-version=2026-01-23", b"{}")
    assert (response.status_code, response.content_type) == (401, "application/json")
    assert json.loads(response.text) == {"error": {"code": "Unauthorized", "message": ""}}


def test_unknown_members_are_ignored(api: Api) -> None:
    """A newer client may send more."""
    body = b'{"from": "+12125550101", "recipients": [{"to": "+14255550182", "newer": 1}], "newest": {}}'
    assert api.call("POST", "/sms/optouts:check?api-version=2026-01-23", body).status_code == 200


def test_responses_are_not_cached(api: Api) -> None:
    """They are about people, and may change with the next request."""
    assert api.opt_outs("check", PERSON).headers["cache-control"] == "no-store"
