"""The sample pipeline: what runs is pinned, no key is kept, and nobody may do more than deploying takes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint
import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse
from support.formation import formation
from support.template import REPOSITORY, resources, statements, template

PIPELINE = REPOSITORY / "examples" / "pipeline"
WORKFLOWS = {name: (PIPELINE / f"{name}.yaml").read_text() for name in ("deploy", "deploy-to")}
BOOTSTRAP: dict[str, Any] = yaml_parse((PIPELINE / "bootstrap.yaml").read_text())
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
NOT_TAKEN = {
    "apigateway:TagResource": "IAM knows it as apigateway:PUT and POST on /tags",
    "apigateway:UntagResource": "IAM knows it as apigateway:DELETE on /tags",
    "codedeploy:RegisterOnPremisesInstance": "functions run on Lambda",
    "iam:DeleteRolePermissionsBoundary": "a role without its boundary could do anything",
    "iam:DeleteGroupPolicy": "policies are put into roles",
    "iam:DeleteUserPolicy": "policies are put into roles",
    "iam:GetGroupPolicy": "policies are put into roles",
    "iam:GetUserPolicy": "policies are put into roles",
    "iam:PutGroupPolicy": "policies are put into roles",
    "iam:PutUserPolicy": "policies are put into roles",
    "iam:CreateServiceLinkedRole": "for tables with provisioned capacity and replicas",
    "lambda:AssociateRuntimeAlias": "not an action of IAM's",
    "lambda:GetCodeSigningConfig": "code is not signed",
    "lambda:GetLayerVersion": "there are no layers",
    "lambda:PassCapacityProvider": "functions run on Lambda's own machines",
    "lambda:PutFunctionCodeSigningConfig": "code is not signed",
    "lambda:PutFunctionScalingConfig": "functions run on Lambda's own machines",
    "lambda:PutProvisionedConcurrencyConfig": "nothing is kept warm",
    "logs:CreateLogStream": "for imports into a table",
    "logs:DescribeLogStreams": "for imports into a table",
    "logs:DeleteResourcePolicy": "what other log groups are delivered by would go with it",
    "logs:PutBearerTokenAuthentication": "log groups are written by functions",
    "logs:PutLogEvents": "for imports into a table",
    "secretsmanager:RemoveRegionsFromReplication": "the secret is in one region",
    "secretsmanager:ReplicateSecretToRegions": "the secret is in one region",
}
"""What schemas name for properties that this template does not use, and why it is left out."""
OF_OTHER_SERVICES = ("ec2:", "elasticfilesystem:", "firehose:", "kinesis:", "s3:", "s3files:")
PEOPLES_DATA = {
    f"dynamodb:{each}"
    for each in (
        "AssociateTableReplica",
        "BatchWriteItem",
        "CreateTableReplica",
        "DeleteItem",
        "DescribeImport",
        "DisableKinesisStreamingDestination",
        "EnableKinesisStreamingDestination",
        "GetItem",
        "ImportTable",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
        "UpdateKinesisStreamingDestination",
    )
} | {"kms:ListAliases"}
"""What reads or copies the ledger: for imports, replicas and streams to elsewhere, none of which there is."""


def _statements(name: str) -> Iterator[dict[str, Any]]:
    properties = BOOTSTRAP["Resources"][name]["Properties"]
    for document in [
        properties.get("PolicyDocument"),
        *(each["PolicyDocument"] for each in properties.get("Policies", [])),
    ]:
        yield from document["Statement"] if document else []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _actions(name: str) -> set[str]:
    return {action for statement in _statements(name) for action in _listed(statement["Action"])}


def _asked_for(kind: str) -> set[str]:
    """What AWS says that creating, changing and deleting a type of resource takes."""
    place = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_bytes())[kind]
    handlers = json.loads((SCHEMAS / "resources" / f"{place}.json").read_bytes()).get("handlers", {})
    return {action for name, each in handlers.items() if name != "list" for action in each["permissions"]}


def _jobs(workflow: str) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(WORKFLOWS[workflow])["jobs"]
    return jobs


def _deploying() -> dict[str, Any]:
    (step,) = [each for each in _jobs("deploy-to")["deploy"]["steps"] if each.get("name") == "Deploy"]
    found: dict[str, Any] = step
    return found


def test_every_action_of_the_workflows_is_pinned_to_a_commit_and_says_its_version() -> None:
    """A tag can be moved to other code; a commit cannot."""
    used = [each for text in WORKFLOWS.values() for each in re.findall(r"uses: ([^.\n].*)", text)]
    assert len(used) >= 5
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", each), each


def test_the_tools_of_the_workflows_are_those_of_the_checks() -> None:
    """What deploys is what was checked with."""
    deploy, checks = WORKFLOWS["deploy-to"], (REPOSITORY / ".ci" / "run").read_text()
    assert set(re.findall(r"aws-sam-cli==[\d.]+", deploy)) == set(re.findall(r"aws-sam-cli==[\d.]+", checks))
    readme = (REPOSITORY / "README.md").read_text()
    assert set(re.findall(r"uv==[\d.]+", deploy)) == set(re.findall(r"uv==[\d.]+", readme))


def test_no_key_is_kept() -> None:
    """Jobs that deploy ask for a token; nothing of the workflows is a secret, and no job may write to the repository."""
    for text in WORKFLOWS.values():
        assert "secrets." not in text
        assert yaml.safe_load(text)["permissions"] == {}
    jobs = _jobs("deploy") | _jobs("deploy-to")
    assert jobs.pop("check")["permissions"] == {"contents": "read"}
    assert {str(job["permissions"]) for job in jobs.values()} == {"{'contents': 'read', 'id-token': 'write'}"}


def test_nothing_is_deployed_that_was_not_checked() -> None:
    """Production waits for staging, staging for the checks, and both take the build that the checks made."""
    jobs = _jobs("deploy")
    assert (jobs["production"]["needs"], jobs["staging"]["needs"]) == ("staging", "check")
    assert any(step.get("run") == "bash .ci/run" for step in jobs["check"]["steps"])
    assert jobs["staging"]["if"] == "github.event_name == 'push'"
    (upload,) = [step for step in jobs["check"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert upload["with"]["path"] == ".aws-sam/ci-arm64"
    assert not any("sam build" in text for text in WORKFLOWS.values())


def test_each_parameter_gets_to_sam_whole() -> None:
    """Its values are split at spaces unless quotation marks reach it, and an empty one is refused without."""
    environment = dict.fromkeys(_deploying()["env"], "") | {
        "SAM": r"printf %s\n",
        "GITHUB_SHA": "4a0377d",
        "BRAND": "Example Bank",
        "SUPPORT_CONTACT": "help.example.com",
    }
    said = subprocess.run(  # noqa: S603  a step of our own workflow
        ["/bin/bash", "-euc", _deploying()["run"]], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    given = dict(
        re.fullmatch(r'(\w+)="(.*)"', each).groups() for each in said[said.index("--parameter-overrides") + 1 :]
    )  # type: ignore[union-attr]  # else it fails
    assert (given["Brand"], given["AlarmTopicArn"], given["Revision"]) == ("Example Bank", "", "4a0377d")
    declared = template()["Parameters"]
    assert set(given) <= set(declared)
    assert {name for name, about in declared.items() if "Default" not in about} <= set(given)


def _said(**variables: str) -> list[str]:
    environment = dict.fromkeys(_deploying()["env"], "") | {"SAM": r"printf %s\n", "GITHUB_SHA": "4a0377d"} | variables
    return subprocess.run(  # noqa: S603  a step of our own workflow
        ["/bin/bash", "-euc", _deploying()["run"]], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


@pytest.mark.parametrize("stack", ["sms-consent-staging", "sms-consent-prod"])
def test_each_environment_has_its_own_stack(stack: str) -> None:
    """By a variable of the environment, so that two of them can be in one account; without it, the default of bootstrap.yaml."""
    said = _said(STACK_NAME=stack)
    assert said[said.index("--stack-name") + 1] == stack
    assert _deploying()["env"]["STACK_NAME"] == "${{ vars.STACK_NAME || 'sms-consent' }}"
    assert BOOTSTRAP["Parameters"]["StackName"]["Default"] == "sms-consent"
    assert re.fullmatch(BOOTSTRAP["Parameters"]["StackName"]["AllowedPattern"], stack)


def test_the_readme_names_every_variable_that_the_workflow_reads() -> None:
    """One that is missing there is empty at the first deployment."""
    readme = (PIPELINE / "README.md").read_text()
    read = {name for text in WORKFLOWS.values() for name in re.findall(r"vars\.(\w+)", text)}
    assert {name for name in read if f"`{name}`" not in readme} == set()


def test_text_that_others_write_is_no_command() -> None:
    """Expressions are expanded before the shell reads a line; they come in as variables."""
    for workflow in WORKFLOWS:
        for job in _jobs(workflow).values():
            for step in job.get("steps", []):
                assert "${{" not in step.get("run", "")


def test_only_jobs_of_one_environment_of_one_repository_get_the_role() -> None:
    """By GitHub's own words for both, compared as they are."""
    (statement,) = BOOTSTRAP["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert set(statement["Condition"]) == {"StringEquals"}
    claims = {name.rpartition(":")[2]: value for name, value in statement["Condition"]["StringEquals"].items()}
    assert claims == {
        "aud": "sts.amazonaws.com",
        "sub": {"Fn::Sub": "repo:${Repository}:environment:${EnvironmentName}"},
    }
    for name in ("Repository", "EnvironmentName", "StackName"):
        assert not re.fullmatch(BOOTSTRAP["Parameters"][name]["AllowedPattern"], "*")


@pytest.mark.parametrize("name", ["DeployRole", "ExecutionRole", "Boundary"])
def test_no_action_of_the_pipeline_is_a_wildcard(name: str) -> None:
    """And every resource is named, but for what has no name, where it says so."""
    assert not [action for action in _actions(name) if "*" in action]
    if name == "DeployRole":
        assert not [each for each in _statements(name) if each["Resource"] == "*"]
    if name == "ExecutionRole":
        everything = {each["Sid"] for each in _statements(name) if each["Resource"] == "*"}
        assert everything == {
            "NewKey",
            "RandomAccessKey",
            "EventSources",
            "WhichLogGroupsThereAre",
            "AccessLogsOfTheApis",
        }


def test_the_stacks_roles_are_bounded_by_what_they_need() -> None:
    """No more, so that no template gets further; and no less, so that no function is stopped."""
    needed = {
        action
        for role in resources("AWS::IAM::Role")
        for statement in statements(role)
        for action in _listed(statement["Action"])
    }
    assert not resources("AWS::IAM::Policy")
    assert _actions("Boundary") == needed


def test_no_role_is_made_without_its_boundary() -> None:
    """Nor is a policy put into one without; and no boundary is taken off."""
    (bounded,) = [each for each in _statements("ExecutionRole") if each.get("Sid") == "BoundedRoles"]
    assert bounded["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": {"Ref": "Boundary"}}}
    others = {a for s in _statements("ExecutionRole") if s is not bounded for a in _listed(s["Action"])}
    assert (
        not {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"} & others
    )
    assert "iam:DeleteRolePermissionsBoundary" not in _actions("ExecutionRole")


def test_cloudformation_may_do_what_each_type_of_resource_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As AWS's own schemas have it; what is left out has its reason. And nothing besides."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    document = formation(REPOSITORY / "template.yaml", Deployment="Canary10Percent5Minutes").document
    asked = {
        action for kind in {each["Type"] for each in document["Resources"].values()} for action in _asked_for(kind)
    }
    needed = {a for a in asked if not a.startswith(OF_OTHER_SERVICES)} - set(NOT_TAKEN) - PEOPLES_DATA
    assert needed - _actions("ExecutionRole") == set()


def test_cloudformation_cannot_read_the_ledger() -> None:
    """A pipeline that is taken over must not give away who texted what."""
    assert not _actions("ExecutionRole") & PEOPLES_DATA
