"""template.yaml gives no access to the API without credentials, and limits its rate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.template import KEY_ARN, KEY_ID, REPOSITORY, resources, template

from sms_consent_cli.local.template import read_template


@pytest.fixture(scope="module")
def deployed() -> dict[str, Any]:
    """As AWS's own transform leaves it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        found: dict[str, Any] = read_template(REPOSITORY / "template.yaml", {}).document["Resources"]
    return found


def _of_type(deployed: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each for name, each in deployed.items() if each["Type"] == kind}


def test_every_route_of_the_first_api_asks_for_iam(deployed: dict[str, Any]) -> None:
    """The route for everything else among them, so that nothing answers without credentials."""
    body = deployed["Api"]["Properties"]["Body"]
    assert "$default" in body["paths"]
    for path, operations in body["paths"].items():
        for operation in operations.values():
            assert operation["security"] == [{"AWS_IAM": []}], path
    assert body["components"]["securitySchemes"]["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_every_request_to_the_second_api_goes_to_the_function_that_verifies_access_keys(
    deployed: dict[str, Any],
) -> None:
    """There is one route for everything, and no authorizer: an anonymous request costs one invocation."""
    (route,) = _of_type(deployed, "AWS::ApiGatewayV2::Route").values()
    assert (route["Properties"]["RouteKey"], route["Properties"]["AuthorizationType"]) == ("$default", "NONE")
    assert "AuthorizerId" not in route["Properties"]
    assert _of_type(deployed, "AWS::ApiGatewayV2::Authorizer") == {}
    (integration,) = _of_type(deployed, "AWS::ApiGatewayV2::Integration").values()
    assert integration["Properties"]["IntegrationUri"] == {"Ref": "ApiFunctionAliaslive"}


def test_no_api_answers_a_preflight_by_itself(deployed: dict[str, Any]) -> None:
    """With a CORS configuration, API Gateway would answer OPTIONS without credentials."""
    for api in _of_type(deployed, "AWS::ApiGatewayV2::Api").values():
        assert "CorsConfiguration" not in api["Properties"]
        assert "x-amazon-apigateway-cors" not in api["Properties"].get("Body", {})


def test_every_stage_is_throttled_the_public_one_at_a_lower_rate(deployed: dict[str, Any]) -> None:
    """Each request may cost hundreds of writes, and each anonymous one an invocation."""
    stages = _of_type(deployed, "AWS::ApiGatewayV2::Stage").items()
    limits = {name: stage["Properties"]["DefaultRouteSettings"] for name, stage in stages}
    public = limits.pop("AccessKeyApiStage")
    (other,) = limits.values()
    for settings, parameter in ((public, "AccessKeyRequestsPerSecond"), (other, "ApiRequestsPerSecond")):
        assert settings == {"ThrottlingRateLimit": {"Ref": parameter}, "ThrottlingBurstLimit": {"Ref": parameter}}
    parameters = template()["Parameters"]
    assert parameters["AccessKeyRequestsPerSecond"]["Default"] < 10 <= parameters["ApiRequestsPerSecond"]["Default"]


def test_only_a_deployment_with_access_keys_may_read_their_secret() -> None:
    """By a condition in ApiFunction's role and environment; no other role reads any secret."""
    allowed = {
        name: statement
        for name, role in resources("AWS::IAM::Role").items()
        for policy in role["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "secretsmanager:" in str(statement)
    }
    assert list(allowed) == ["ApiRole"]
    condition, statement, otherwise = allowed["ApiRole"]["Fn::If"]
    assert (condition, otherwise) == ("UseAccessKeys", {"Ref": "AWS::NoValue"})
    assert (statement["Action"], statement["Resource"]) == ("secretsmanager:GetSecretValue", {"Ref": "AccessKeySecret"})
    variables = resources("AWS::Serverless::Function")["ApiFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["ACCESS_KEYS_SECRET"] == {
        "Fn::If": ["UseAccessKeys", {"Ref": "AccessKeySecret"}, {"Ref": "AWS::NoValue"}]
    }


def test_concurrency_is_reserved_for_inbound_texts_only_where_it_is_asked_for() -> None:
    """A new account has a quota of 10, all of which must stay unreserved: a reservation would fail its deployment."""
    reserved = resources("AWS::Serverless::Function")["InboundFunction"]["Properties"]["ReservedConcurrentExecutions"]
    assert reserved == {
        "Fn::If": ["ReservesConcurrency", {"Ref": "InboundReservedConcurrency"}, {"Ref": "AWS::NoValue"}]
    }
    assert template()["Conditions"]["ReservesConcurrency"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "InboundReservedConcurrency"}, 0]}]
    }
    assert template()["Parameters"]["InboundReservedConcurrency"]["Default"] == 0


def test_access_logs_hold_no_path(deployed: dict[str, Any]) -> None:
    """A path may hold a number; the route does not."""
    for stage in _of_type(deployed, "AWS::ApiGatewayV2::Stage").values():
        written = stage["Properties"]["AccessLogSettings"]["Format"]
        json.loads(written)
        assert "$context.routeKey" in written
        assert "$context.path" not in written


def test_access_keys_are_made_only_where_they_are_asked_for() -> None:
    """Whoever calls by IAM has no secret to look after."""
    everything = template()["Resources"]
    for name, each in everything.items():
        if name.startswith("AccessKey"):
            assert each["Condition"] == "UseAccessKeys", name
    assert template()["Parameters"]["AccessKeys"]["Default"] == "Disabled"


def test_the_keys_are_generated_and_encrypted_with_the_stacks_key() -> None:
    """No key stands in the template, and what is generated is base64 as it is."""
    (secret,) = resources("AWS::SecretsManager::Secret").values()
    properties = secret["Properties"]
    assert "SecretString" not in properties
    assert properties["KmsKeyId"] == KEY_ID
    wanted = properties["GenerateSecretString"]
    assert (wanted["ExcludePunctuation"], wanted["PasswordLength"] % 4) == (True, 0)
    assert json.loads(wanted["SecretStringTemplate"]) == {"secondary": ""}


def test_the_function_answers_before_the_gateway_gives_up() -> None:
    """An HTTP API waits for 30 seconds at the most."""
    functions = resources("AWS::Serverless::Function")
    assert functions["ApiFunction"]["Properties"]["Timeout"] < 30


def test_only_these_gateways_may_invoke(deployed: dict[str, Any]) -> None:
    """Whoever else could invoke the functions could say who they are."""
    for name, permission in _of_type(deployed, "AWS::Lambda::Permission").items():
        if permission["Properties"]["Principal"] == "apigateway.amazonaws.com":
            assert "SourceArn" in permission["Properties"], name


@pytest.mark.parametrize("name", ["ApiLogGroup", "ApiAccessLogGroup"])
def test_what_the_api_logs_is_encrypted_with_the_stacks_key(name: str) -> None:
    """Callers are named there."""
    assert resources("AWS::Logs::LogGroup")[name]["Properties"]["KmsKeyId"] == KEY_ARN


def test_only_receipts_of_requests_expire() -> None:
    """Consents and decisions have no such attribute: they are the proof."""
    assert template()["Resources"]["LedgerTable"]["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expires",
        "Enabled": True,
    }
    from sms_consent.domain.consent import Consent
    from sms_consent.domain.decision import Decision

    for record in (Consent, Decision):
        assert "expires" not in record.__dataclass_fields__
