"""Replies are sent with the configuration set of the deployment, and no opt-out depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.formation import formation
from support.inbound_function import Inbound, inbound_function
from support.sweep_function import sweep
from support.template import REPOSITORY

from sms_consent.bootstrap.settings import Settings
from sms_consent.domain.reply import ReplyState

ARN = "arn:aws:sms-voice:us-east-1:123456789012:configuration-set/receipts"


@contextmanager
def _deployed(patch: pytest.MonkeyPatch, configuration_set: str, *, created: bool) -> Iterator[Inbound]:
    patch.setenv("REPLY_CONFIGURATION_SET", configuration_set)
    with inbound_function(patch) as inbound:
        if created:
            assert inbound.world.backend.add_configuration_set("receipts") == ARN
        yield inbound


def _sets(inbound: Inbound) -> list[str | None]:
    return [text.configuration_set for text in inbound.world.backend.sent_texts()]


@pytest.mark.parametrize("given", ["receipts", ARN])
def test_a_confirmation_is_sent_with_the_configuration_set(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name or its ARN."""
    with _deployed(monkeypatch, given, created=True) as inbound:
        inbound.hear("STOP")
        assert _sets(inbound) == ["receipts"]
        assert inbound.world.listed()


def test_sweep_sends_with_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put off is the same reply."""
    with _deployed(monkeypatch, "receipts", created=True) as inbound:
        inbound.world.backend.fail_next("SendTextMessage", "ThrottlingException", 1)
        inbound.hear("HELP")
        inbound.world.pass_time(seconds=5)
        sweep(inbound.world)
        assert _sets(inbound) == ["receipts"]


def test_without_one_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As before."""
    with _deployed(monkeypatch, "", created=False) as inbound:
        inbound.hear("STOP")
        assert _sets(inbound) == [None]


@pytest.mark.parametrize("failure", ["missing", "AccessDeniedException", "ValidationException", "ConflictException"])
def test_a_configuration_set_that_is_missing_or_denied_delays_no_opt_out(
    failure: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The number is on the list within the same invocation; the reply has failed, which is counted."""
    with _deployed(monkeypatch, "receipts", created=failure != "missing") as inbound:
        if failure != "missing":
            inbound.world.backend.fail_next("SendTextMessage", failure, 1)
        assert inbound.hear("STOP") == []
        assert inbound.world.listed()
        consent = inbound.world.consent()
        assert consent.due is None
        assert consent.answer is not None
        assert consent.answer.state is ReplyState.FAILED
    assert '"RepliesFailed":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("given", ["receipts/x", "a b", "arn:aws:sns:us-east-1:123456789012:receipts", "x" * 65])
def test_a_name_that_cannot_be_one_is_a_problem_and_replies_go_out_without(given: str) -> None:
    """AWS would refuse every reply."""
    base = {
        "LEDGER_TABLE": "ledger",
        "OPT_OUT_LIST": "Default",
        "BRAND": "Example",
        "SUPPORT_CONTACT": "help.example.com",
    }
    settings = Settings.from_environment(base | {"REPLY_CONFIGURATION_SET": given})
    assert settings.reply_configuration_set is None
    assert [each.setting for each in settings.problems] == ["ReplyConfigurationSet"]


@pytest.mark.parametrize("given", ["receipts", ARN])
def test_functions_that_reply_may_use_this_configuration_set_alone(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none if none is configured."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def allowed(**chosen: Any) -> dict[str, str]:
        roles = formation(REPOSITORY / "template.yaml", **chosen).of_type("AWS::IAM::Role")
        statements = {
            (name, each["Sid"]): each["Resource"]
            for name, role in roles.items()
            for policy in role.get("Policies", [])
            for each in policy["PolicyDocument"]["Statement"]
        }
        return {name: resource for (name, sid), resource in statements.items() if sid == "ReceiptsOfReplies"}

    assert allowed(ReplyConfigurationSet=given) == dict.fromkeys(["InboundRole", "SweepRole", "ApiRole"], ARN)
    assert allowed() == {}
