"""The classifier of a deployment, of a parameter file, or with default settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sms_consent.intent import RuleSet, Tier
from sms_consent.intent.classifier import Classifier

if TYPE_CHECKING:
    from sms_consent.inbound.processor import Action

__all__ = ["actions_by", "by_parameters", "by_stack", "of_parameters", "standard"]


@cache
def standard() -> Classifier:
    """Return the classifier of a deployment that sets no keywords and no brand."""
    return Classifier(RuleSet())


def by_parameters(file: Path) -> Classifier:
    """Return the classifier of a deployment with the parameters in a file. Raises UsageError if the file has none."""
    from sms_consent_cli.shared.parameter_file import read_parameters

    return _classifier(read_parameters(file))


def by_stack(stack: str, sender: str | None = None) -> Classifier:
    """Return the classifier of a deployed stack, with the brand of ``sender`` if given.

    Raises NotFound, TryAgain, Rejected, ClientError or BotoCoreError.
    """
    from sms_consent.adapters.dynamodb.store import DynamoLedger
    from sms_consent_cli.shared.deployment import Deployment, NotFound

    deployment = Deployment(stack)
    if not deployment.has_stack:
        raise NotFound(f"there is no stack {stack} in this account and region")
    chosen = dict(deployment.parameters())
    own = DynamoLedger(deployment.dynamodb(), deployment.table).sender(sender) if sender else None
    if own is not None:
        chosen |= {"Brand": own.brand or chosen.get("Brand", "")}
        chosen |= {"SupportContact": own.support_contact or chosen.get("SupportContact", "")}
    return _classifier(chosen)


def actions_by(parameters: Mapping[str, str]) -> Mapping[Tier, Action]:
    """Return a deployment's action for each tier."""
    from sms_consent.bootstrap.settings import PARAMETERS, Settings
    from sms_consent.inbound.processor import actions_for  # with pydantic, which most commands do not need

    environment = {name: parameters.get(parameter, "") for name, parameter in PARAMETERS.items()}
    settings = Settings.from_environment({**environment, "LEDGER_TABLE": "none", "OPT_OUT_LIST": "none"})
    return actions_for(settings.tier_actions)


def of_parameters(parameters: Mapping[str, str]) -> Classifier:
    """Return the classifier of a deployment with these parameters."""
    return _classifier(parameters)


def _classifier(parameters: Mapping[str, str]) -> Classifier:
    from sms_consent.bootstrap.container import postbacks_for, replies_for, rules_for
    from sms_consent.bootstrap.settings import PARAMETERS, Settings

    environment = {name: parameters.get(parameter, "") for name, parameter in PARAMETERS.items()}
    settings = Settings.from_environment({**environment, "LEDGER_TABLE": "none", "OPT_OUT_LIST": "none"})
    return Classifier(rules_for(settings), replies_for(settings), postbacks=postbacks_for(settings))
