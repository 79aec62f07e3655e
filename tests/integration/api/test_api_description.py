"""The OpenAPI 3.1 description: it is served, valid, and true for the requests that schemathesis generates."""

from __future__ import annotations

import json
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from support.api_function import Api
from werkzeug.wrappers import Request

from api.resolver import description

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

VALID = "valid"
"""A placeholder for the signature, which can only be made when the request is complete."""


class _Signing:
    """Signs requests before the gateway, as a client's library does last."""

    api: Api

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_AUTHORIZATION") == VALID:
            request = Request(environ)
            body = request.get_data()
            target = request.path + (f"?{query}" if (query := request.query_string.decode("latin-1")) else "")
            for name, value in self.api.signed(request.method, target, body).items():
                environ["HTTP_" + name.upper().replace("-", "_")] = value
            environ["wsgi.input"] = BytesIO(body)
        return self.api.gateway(environ, start_response)


described = schemathesis.openapi.from_dict(description())
described.app = _Signing()


@described.auth()
class Credentials:
    """Credentials that schemathesis omits or changes to test authentication."""

    def get(self, _case: Any, _context: Any) -> str:
        return VALID

    def set(self, case: Any, data: str, _context: Any) -> None:
        case.headers["Authorization"] = data


@pytest.mark.slow
@described.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_response_is_as_described(case: Any, api: Api) -> None:
    """Status, media type, body and headers, for valid and invalid requests, with and without credentials."""
    described.app.api = api
    # A token is only good if a page has given it, which no description can say.
    case.call_and_validate(excluded_checks=[positive_data_acceptance] if "page" in (case.query or {}) else [])


def test_it_is_served_to_authenticated_callers(api: Api) -> None:
    """The served document is the generated one."""
    assert json.loads(api.call("GET", "/openapi.json").text) == description()


def test_every_schema_is_valid() -> None:
    """According to the metaschema of JSON Schema 2020-12, the dialect of OpenAPI 3.1."""
    assert description()["openapi"].startswith("3.1")
    for schema in description()["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_every_described_operation_exists(api: Api) -> None:
    """None of them gets 404 or 405."""
    for path, operations in description()["paths"].items():
        for method in operations:
            response = api.call(method.upper(), path.replace("{number}", "+14255550182"))
            assert response.status_code not in {404, 405}, path


def test_the_description_contains_no_real_number() -> None:
    """Examples are from ranges reserved for fiction."""
    assert "555" not in json.dumps(description()).replace("5550182", "")
