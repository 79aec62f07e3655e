"""`sms-consent doctor` lists every problem of a deployment's settings with its fix, before and after it is deployed."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from click.testing import Result
from support.configured import Configured
from support.template import template
from typer.testing import CliRunner

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.bootstrap.settings import PARAMETERS
from sms_consent.domain.ports import Sender
from sms_consent_cli.main import app
from sms_consent_cli.shared.deployment import Deployment

GOOD = {"Brand": "Example", "SupportContact": "help.example.com"}
BAD = [
    ("Brand", "First National Community Federal Credit Union Assn", "OPT_IN_CONFIRMATION.fr (162 of at most 160)"),
    ("Brand", "", "The brand is empty"),
    ("Brand", " ", "The brand is empty"),
    ("Brand", "Lee’s Diner and Grill of North Springfield on the Old Mill Road", "too long"),
    ("SupportContact", "h" * 140, "No such reply is sent"),
    ("DefaultLanguage", "xx", "has no replies"),
    ("DefaultLanguage", "english", "has no replies"),
    ("ExtraOptInKeywords", "club, Stop!", "'Stop!', which is a mandatory word"),
    ("ExtraOptInKeywords", "退订", "opts out by the built-in rules"),
    ("ExtraHelpKeywords", "please stop", "is an opt-out by the built-in rules"),
    ("ExtraHelpKeywords", "wrong number", "may mean an opt-out"),
    ("ExtraOptOutKeywords", "start", "is a mandatory word"),
    ("OrdinaryWords", "BAJA,TD", "'TD', which is a mandatory word"),
    ("TierActions", "KEYWORD=LEAVE", "an action that KEYWORD cannot have"),
    ("TierActions", "SENTENCES=ASK", "names no tier"),
    ("SuggestionPostbacks", "promo=STOP", "names no intent"),
    ("OptOutScope", "EVERYTHING", "is none of SENDER, GROUP, ALL"),
    ("ConfirmationGraceSeconds", "301", "no number from 0 to 300"),
    ("PutRequestsPerSecond", "ten", "no number"),
    ("UnknownSenders", "MAYBE", "OWN_LIST applies"),
    ("LogLevel", "CHATTY", "INFO applies"),
    ("BodyRetentionDays", "-1", "refused by CloudFormation"),
    ("EventBusName", "", "refused by CloudFormation"),
    ("InboundReservedConcurrency", "4", "is below InboundMaximumConcurrency (5)"),
    ("InboundReservedConcurrency", "-1", "refused by CloudFormation"),
    ("AccessKeyRequestsPerSecond", "0", "refused by CloudFormation"),
    ("ExistingOptOutListArn", "Default", "refused by CloudFormation"),
    ("AdditionalOptOutListArns", "Club,Marketing", "refused by CloudFormation"),
    ("Brnad", "Example", "is not a parameter of the template"),
]


def _file(tmp_path: Path, name: str, content: Any) -> str:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def _run(*arguments: str) -> Result:
    """Run it without AWS: it reads only a file."""
    return CliRunner().invoke(app, ["doctor", *arguments])


def _found(result: Any) -> list[dict[str, str]]:
    problems: list[dict[str, str]] = json.loads(result.stdout)["problems"]
    assert result.exit_code == (1 if problems else 0), result.output
    return problems


@pytest.mark.parametrize(("name", "value", "told"), BAD, ids=lambda each: str(each)[:30])
def test_each_problem_of_a_file_is_listed_with_its_setting_and_a_fix(
    tmp_path: Path, name: str, value: str, told: str
) -> None:
    """Once, by the parameter that is to be changed."""
    chosen = [f"{key}={given}" for key, given in {**GOOD, name: value}.items()]
    (problem,) = _found(_run("--parameters", _file(tmp_path, "parameters", "\n".join(chosen)), "--json"))
    assert problem["setting"] == name
    assert told in problem["problem"]
    assert problem["fix"].endswith((".", "?"))


def test_a_default_is_no_problem(tmp_path: Path) -> None:
    """Nor is it if it is given by name."""
    defaults = {name: str(about["Default"]) for name, about in template()["Parameters"].items() if "Default" in about}
    for given in (GOOD, defaults | GOOD):
        assert _found(_run("--parameters", _file(tmp_path, "parameters.json", given), "--json")) == []


def test_a_parameter_without_a_default_must_be_given(tmp_path: Path) -> None:
    """CloudFormation would ask for it."""
    found = _found(_run("--parameters", _file(tmp_path, "parameters", "Brand=Example"), "--json"))
    assert [each["setting"] for each in found] == ["SupportContact"]


OVERRIDES = "[default.deploy.parameters]\nparameter_overrides = "
FORMS = {
    "samconfig.toml": OVERRIDES + r'"Brand=\"Example Bank\" SupportContact=help.example.com TierActions=SENTENCES=ASK"',
    "list.toml": OVERRIDES + '["Brand=Example Bank", "SupportContact=help.example.com", "TierActions=SENTENCES=ASK"]',
    "table.toml": OVERRIDES
    + '{Brand = "Example Bank", SupportContact = "help.example.com", TierActions = "SENTENCES=ASK"}',
    "pairs.toml": OVERRIDES
    + '"ParameterKey=Brand,ParameterValue=Example ParameterKey=SupportContact,ParameterValue=help.example.com '
    + 'ParameterKey=TierActions,ParameterValue=SENTENCES=ASK"',
    "global.toml": OVERRIDES.replace("deploy", "global") + '"Brand=A SupportContact=b.org TierActions=SENTENCES=ASK"',
    "list.json": [
        {"ParameterKey": "Brand", "ParameterValue": "Example Bank"},
        {"ParameterKey": "SupportContact", "ParameterValue": "help.example.com"},
        {"ParameterKey": "TierActions", "ParameterValue": "SENTENCES=ASK"},
    ],
    "pipeline.json": {"Parameters": {**GOOD, "TierActions": "SENTENCES=ASK"}},
    "overrides.json": ["Brand=Example Bank", "SupportContact=help.example.com", "TierActions=SENTENCES=ASK"],
    "lines.env": "# ours\n\nBrand = \"Example Bank\"\nSupportContact='help.example.com'\nTierActions=SENTENCES=ASK\n",
    "lines": "\ufeffBrand=Example Bank\r\nSupportContact=help.example.com\r\nTierActions=SENTENCES=ASK",
    "quoted": 'Brand="Example Bank"\nSupportContact="help.example.com"\nTierActions="SENTENCES=ASK"',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_file_is_read(tmp_path: Path, name: str) -> None:
    """Those that deployments are made with."""
    found = _found(_run("--parameters", _file(tmp_path, name, FORMS[name]), "--json"))
    assert [each["setting"] for each in found] == ["TierActions"]


def test_another_configuration_of_samconfig_is_chosen_by_name(tmp_path: Path) -> None:
    """As `sam deploy --config-env` does."""
    path = _file(
        tmp_path,
        "samconfig.toml",
        '[prod.deploy.parameters]\nparameter_overrides = "Brand=Example SupportContact=help.example.com"',
    )
    assert _run("--parameters", path, "--config-env", "prod").exit_code == 0
    assert _run("--parameters", path).exit_code == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", "["),
        ("b.toml", "[default.deploy.parameters]\nx = 1"),
        ("c.json", "[1]"),
        ("d", "no parameter +12025550142"),
        ("e.json", "5"),
    ],
)
def test_a_file_without_parameters_is_refused(tmp_path: Path, name: str, content: str) -> None:
    """With exit code 2, and nothing of what is in it."""
    result = _run("--parameters", _file(tmp_path, name, content))
    assert result.exit_code == 2
    assert "2025550142" not in result.output


def test_a_file_that_is_not_there_is_refused() -> None:
    """By its name."""
    result = _run("--parameters", "nowhere.toml")
    assert result.exit_code == 2
    assert "nowhere.toml: No such file" in result.output


# --- a deployment


def test_a_deployment_without_problems_exits_with_0(account: Configured) -> None:
    """The output says so."""
    account.deploy()
    result = account.run()
    assert result.exit_code == 0
    assert result.stdout == "stack sms-consent: no problem\n"


def test_alarms_without_a_topic_are_a_warning(account: Configured, tmp_path: Path) -> None:
    """With its fix, on standard error and in the JSON; a program that reads the problems or the exit code sees none."""
    account.deploy()
    silent = account.run()
    assert silent.exit_code == 0
    assert "warning: AlarmTopicArn is empty" in silent.stderr
    (warning,) = json.loads(account.run("--json").stdout)["warnings"]
    assert warning["fix"].startswith("Deploy with")
    before = _run("--parameters", _file(tmp_path, "parameters.json", GOOD))
    assert before.exit_code == 0
    assert "warning: AlarmTopicArn is empty" in before.stderr


def test_alarms_with_a_topic_are_no_warning(account: Configured) -> None:
    """Nothing is printed but that there is no problem."""
    account.deploy(AlarmTopicArn="arn:aws:sns:us-east-1:123456789012:alarms")
    assert account.run().output == "stack sms-consent: no problem\n"
    assert json.loads(account.run("--json").stdout)["warnings"] == []


@pytest.mark.parametrize(("name", "value", "told"), BAD[:-1:6], ids=lambda each: str(each)[:30])
def test_each_problem_of_a_deployment_is_listed(account: Configured, name: str, value: str, told: str) -> None:
    """By its stack's parameters, whose constraints may have been others when it was deployed."""
    account.deploy(**{name: value})
    assert [(each["setting"], told in each["problem"]) for each in _found(account.run("--json"))] == [(name, True)]


def test_a_person_reads_each_problem_on_two_lines(account: Configured) -> None:
    """What is wrong, and what to do."""
    account.deploy(TierActions="SENTENCES=ASK", OrdinaryWords="stop")
    result = account.run()
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "TierActions has 'SENTENCES=ASK', which names no tier; this part is ignored"
    assert lines[1].startswith("    Give TIER=ACTION")
    assert lines[2] == "OrdinaryWords has 'stop', which is a mandatory word and keeps its meaning; it is ignored"
    assert lines[-1] == "stack sms-consent: 2 problems"


def test_brands_of_senders_are_checked_in_every_language(account: Configured) -> None:
    """One that does not fit is listed with the command that changes it; one that fits is not."""
    account.deploy()
    book = SenderStore(clients.dynamodb(), account.world.table)
    book.write(Sender(identity="+12125550102", list_name="Club", brand="C" * 60))
    book.write(Sender(identity="+12125550103", list_name="Club", brand="Club", language="tlh"))
    book.write(
        Sender(
            identity="+12125550104", list_name="Club", brand="Club", support_contact="club.example.com", language="fr"
        )
    )
    found = _found(account.run("--json"))
    assert [each["setting"] for each in found] == ["sender +12125550102, --brand", "sender +12125550103, --language"]
    assert "sms-consent senders set +12125550102 --brand" in found[0]["fix"]


def test_no_stack_is_no_answer(account: Configured) -> None:
    """Exit code 3, as for every command."""
    result = account.run()
    assert result.exit_code == 3
    assert "there is no stack sms-consent" in result.output


@pytest.fixture
def functions(account: Configured, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Functions whose configuration the caller may see."""
    session = get_session()
    made = session.create_client("lambda")
    monkeypatch.setattr(Deployment, "client", lambda _, service: session.create_client(service))
    role = session.create_client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")

    def create(name: str, timeout: int, **variables: str) -> None:
        chosen = {"LEDGER_TABLE": "ledger", "OPT_OUT_LIST": "Default", "LEASE_SECONDS": "90", "BRAND": "Example"}
        made.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="handler.handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=timeout,
            Environment={"Variables": {**chosen, "SUPPORT_CONTACT": "help.example.com", **variables}},
            Publish=True,
        )
        made.create_alias(FunctionName=name, Name="live", FunctionVersion="1")

    part = Deployment.part
    monkeypatch.setattr(
        Deployment, "part", lambda self, output: output if output.endswith("FunctionName") else part(self, output)
    )
    return create


def test_what_a_function_really_has_is_checked(account: Configured, functions: Any) -> None:
    """Its time-out and environment may have been changed by hand since the deployment."""
    account.deploy()
    functions("InboundFunctionName", 30, TIER_ACTIONS="COMPANY=LEAVE")
    functions("SweepFunctionName", 300)
    assert [each["setting"] for each in _found(account.run("--json"))] == ["TierActions", "LEASE_SECONDS"]


def test_every_setting_of_the_functions_is_a_parameter_of_the_template() -> None:
    """So that a problem names what an operator can change."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    declared = template()["Parameters"]
    by_parameter = {
        name: value["Ref"]
        for name, value in variables.items()
        if isinstance(value, dict) and value.get("Ref") in declared
    }
    assert {name: PARAMETERS.get(name) for name in by_parameter} == by_parameter
    assert set(PARAMETERS.values()) <= set(declared)
