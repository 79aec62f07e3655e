"""Regions in which the template can be deployed. They are refused before anything is created, by AWS's own data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
import pytest
from botocore.session import get_session
from support.formation import formation
from support.template import REPOSITORY, template

TEMPLATE = REPOSITORY / "template.yaml"
EXISTING = "arn:aws:sms-voice:us-east-1:123456789012:opt-out-list/Kept"
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas" / "providers"
"""Which types of resource CloudFormation has in each region, as cfn-lint collects it from AWS."""


@pytest.fixture(autouse=True)
def region_of_the_transform(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's transform asks for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@cache
def _everywhere() -> set[str]:
    """Every region that botocore or cfn-lint knows."""
    partitions = get_session().get_data("endpoints")["partitions"]
    return {region for each in partitions for region in each["regions"]} | {
        path.stem for path in SCHEMAS.glob("*-*.json")
    }


@cache
def _with_texting() -> set[str]:
    session = get_session()
    service = "pinpoint-sms-voice-v2"
    return {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions(service, partition)
    }


@cache
def _with(kind: str) -> set[str]:
    return {path.stem for path in SCHEMAS.glob("*-*.json") if kind in json.loads(path.read_bytes())}


def _contained(rule: str) -> list[str]:
    (assertion,) = template()["Rules"][rule]["Assertions"]
    asserted = assertion["Assert"]
    listed: list[str] = asserted.get("Fn::Contains", asserted.get("Fn::Not", [{}])[0].get("Fn::Contains"))[0]
    return listed


def test_the_regions_with_texting_are_botocores() -> None:
    """endpoints.json ships with boto3; when a newer one knows a region more, this fails, and the list is brought up to date."""
    assert sorted(_contained("TextsCanBeSentHere")) == sorted(_with_texting())


def test_the_regions_without_lists_are_cfn_lints() -> None:
    """Where texting is, and CloudFormation is not known to create a list."""
    assert set(_contained("ListsCanBeCreatedHere")) == _with_texting() - _with("AWS::SMSVOICE::OptOutList")


@pytest.mark.parametrize("region", sorted(_everywhere()))
def test_a_deployment_that_cannot_work_is_refused(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is created, and only then."""
    refused = formation(TEMPLATE, region=region).refusals()
    if region not in _with_texting():
        assert "sms-voice" in refused[0]
    elif region not in _with("AWS::SMSVOICE::OptOutList"):
        assert "sms-consent lists create" in refused[0]
        assert formation(TEMPLATE, region=region, ExistingOptOutListArn=EXISTING).refusals() == []
    else:
        assert refused == []


def test_every_other_type_of_resource_is_wherever_texting_is() -> None:
    """A type that a region lacks needs a rule of its own."""
    document: dict[str, Any] = formation(TEMPLATE, Deployment="Canary10Percent5Minutes").document
    kinds = {each["Type"] for each in document["Resources"].values()} - {"AWS::SMSVOICE::OptOutList"}
    known = {path.stem for path in SCHEMAS.glob("*-*.json")} & _with_texting()
    assert {(kind, region) for kind in kinds for region in known - _with(kind)} == set()
