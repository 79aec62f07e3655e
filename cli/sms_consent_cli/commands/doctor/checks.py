"""Problems with the settings of a deployment, or of parameters before a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from sms_consent.adapters.dynamodb.known_lists import Lists
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.bootstrap.container import replies_for, rules_for
from sms_consent.bootstrap.setting_problems import problems_of, problems_of_replies
from sms_consent.bootstrap.settings import PARAMETERS, Problem, Settings
from sms_consent.domain.ports import Sender
from sms_consent_cli.commands.doctor.ledger_checks import MISSING, problems_of_ledger, problems_of_ledger_parameters
from sms_consent_cli.shared.deployment import Deployment, NotFound

__all__ = [
    "Declared",
    "declared_parameters",
    "problems_before_deployment",
    "problems_of_deployment",
    "warnings_of_parameters",
]

_FUNCTIONS = ("InboundFunctionName", "SweepFunctionName")
"""Outputs with the names of the functions that have all settings for texts in their environment."""

COPIED_WITHIN = timedelta(hours=1)
"""ReconcileFunction copies the opt-outs of a changed list within minutes; within an hour for a very large ledger."""

Declared = Mapping[str, Mapping[str, Any]]
"""The parameters of a template, by name."""


@cache
def declared_parameters(template: Path | None) -> Declared:
    """Return the parameters that a template declares; none without a template. Raises LocalError if it is not a template."""
    from sms_consent_cli.local.template import parameters_of  # loads the SAM translator

    return parameters_of(template) if template is not None else {}


def problems_before_deployment(parameters: Mapping[str, str], declared: Declared) -> list[Problem]:
    """Return the parameters that CloudFormation would refuse, or that the functions could not use."""
    found = _of_settings({name: parameters.get(parameter, "") for name, parameter in PARAMETERS.items()})
    found += problems_of_ledger_parameters(parameters)
    return _once([*found, *_of_template(parameters, declared, found), *_of_concurrency(parameters, declared)])


def problems_of_deployment(deployment: Deployment, declared: Declared) -> list[Problem]:
    """Return invalid settings of functions and senders, and parameters that the next deployment would be refused for.

    Raises NotFound, BotoCoreError or ClientError.
    """
    parameters = deployment.parameters()
    chosen = {name: parameters.get(parameter, "") for name, parameter in PARAMETERS.items()}
    found: list[Problem] = []
    for environment in _environments(deployment) or [chosen]:
        found += _of_settings(environment)
    found += _of_template(parameters, {name: declared[name] for name in parameters if name in declared}, found)
    found += _of_concurrency(parameters, declared)
    ledger = list(problems_of_ledger(deployment))
    found += ledger
    if any(problem.message == MISSING for problem in ledger):
        return _once(found)
    sender_store = SenderStore(deployment.dynamodb(), deployment.table, deployment.names)
    found += _of_senders(Settings.from_environment(_complete(chosen)), sender_store.senders())
    found += _of_lists(sender_store.lists(), deployment.own_list, deployment.clock.now())
    return _once(found)


def warnings_of_parameters(parameters: Mapping[str, str], declared: Declared) -> list[Problem]:
    """Return warnings about settings that work but that an operator should know about."""
    if (declared and "AlarmTopicArn" not in declared) or parameters.get("AlarmTopicArn"):
        return []
    fix = "Deploy with AlarmTopicArn: the ARN of an SNS topic with a subscription."
    return [Problem("AlarmTopicArn", "is empty: alarms notify nobody", fix)]


def _environments(deployment: Deployment) -> list[dict[str, str]]:
    """Return the functions' environment variables, which may have been changed by hand; none if the caller may not read them."""
    found = []
    for output in _FUNCTIONS:
        try:
            name = deployment.part(output)
            configuration = deployment.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
        except (ClientError, NotFound):
            return []
        variables: dict[str, str] = configuration.get("Environment", {}).get("Variables", {})
        found.append(variables | {"TIMEOUT_SECONDS": str(configuration["Timeout"])})
    return found


def _complete(environment: Mapping[str, str]) -> dict[str, str]:
    """Add the two variables that the template always sets, so that they are not reported as missing."""
    return {**environment, **{name: environment.get(name) or "any" for name in ("LEDGER_TABLE", "OPT_OUT_LIST")}}


def _of_settings(environment: Mapping[str, str]) -> list[Problem]:
    settings = Settings.from_environment(_complete(environment))
    replies = replies_for(settings)
    return list(problems_of(settings, replies, rules_for(settings), languages=replies.languages))


def _of_senders(settings: Settings, senders: Iterable[Sender]) -> Iterator[Problem]:
    """Yield problems with the brands, contacts and languages of senders."""
    replies = replies_for(settings)
    for sender in senders:
        own = (sender.brand, sender.support_contact, sender.language)
        if not any(own):
            continue
        if sender.language is not None and not replies.has_language(sender.language):
            known = ", ".join(replies.languages)
            yield _of_sender(sender, Problem("DefaultLanguage", "has no replies", f"Give one of {known}."))
        for problem in problems_of_replies(replies.for_brand(*own).unfit(replies.languages)):
            yield _of_sender(sender, problem)


def _of_lists(lists: Lists, own_list: str | None, now: datetime) -> Iterator[Problem]:
    """Yield a problem for each list whose opt-outs should be copied to another list and are not."""
    late = {(each.source, each.target) for each in lists.copies if now - each.at > COPIED_WITHIN}
    if own_list is not None and lists.own is not None and lists.own != own_list:
        late.add((lists.own, own_list))
    for source, target in sorted(late):
        yield Problem(
            "opt-out lists",
            f"have changed: not all opt-outs of {source} are copied to {target}",
            f"ReconcileFunction copies them within minutes: check its logs, or run: sms-consent lists carry {source} {target}",
        )


def _of_sender(sender: Sender, problem: Problem) -> Problem:
    option = {"Brand": "--brand", "SupportContact": "--support-contact", "DefaultLanguage": "--language"}[
        problem.setting
    ]
    return replace(
        problem,
        setting=f"sender {sender.identity}, {option}",
        fix=f"{problem.fix} Then run: sms-consent senders set {sender.identity} {option} ...",
    )


# --- what CloudFormation refuses


def _of_template(parameters: Mapping[str, str], declared: Declared, known: Iterable[Problem]) -> Iterator[Problem]:
    """Yield parameters that violate the template's constraints, unless a more specific problem is known."""
    named = {problem.setting for problem in known}
    for name in parameters:
        if declared and name not in declared:
            near = get_close_matches(name, declared, 1)
            hint = f"Did you mean {near[0]}?" if near else f"The template has {', '.join(sorted(declared))}."
            yield Problem(name, "is not a parameter of the template", hint)
    for name, about in declared.items():
        if name in named:
            continue
        if name not in parameters and "Default" not in about:
            yield Problem(name, "is missing", f"Give it: {about.get('Description', 'it has no default')}")
        elif name in parameters and not _accepts(about, parameters[name]):
            allowed = ", ".join(map(str, about.get("AllowedValues", ())))
            rule = about.get("ConstraintDescription") or (f"must be one of {allowed}" if allowed else _range(about))
            yield Problem(name, "is refused by CloudFormation", f"It {str(rule).strip()}.")


def _accepts(about: Mapping[str, Any], value: str) -> bool:
    each = value.split(",") if about["Type"] == "CommaDelimitedList" else [value]  # held against the pattern one by one
    if "AllowedValues" in about and value not in map(str, about["AllowedValues"]):
        return False
    if "AllowedPattern" in about and not all(re.fullmatch(about["AllowedPattern"], one) for one in each):
        return False
    if not int(about.get("MinLength", 0)) <= len(value) <= int(about.get("MaxLength", 4096)):
        return False
    if about["Type"] != "Number":
        return True
    try:
        number = float(value)
    except ValueError:
        return False
    return float(about.get("MinValue", number)) <= number <= float(about.get("MaxValue", number))


def _of_concurrency(parameters: Mapping[str, str], declared: Declared) -> Iterator[Problem]:
    """Yield a problem if fewer executions are reserved than the queue may start: Lambda would throttle texts."""
    reserved, started = (
        parameters.get(name, str(declared.get(name, {}).get("Default", 0)))
        for name in ("InboundReservedConcurrency", "InboundMaximumConcurrency")
    )
    if reserved.isdecimal() and started.isdecimal() and 0 < int(reserved) < int(started):
        yield Problem(
            "InboundReservedConcurrency",
            f"is below InboundMaximumConcurrency ({started}), so texts are throttled",
            f"Give at least {started}, or 0 to reserve none.",
        )


def _range(about: Mapping[str, Any]) -> str:
    if about["Type"] == "Number":
        return f"must be a number from {about.get('MinValue', 'any')} to {about.get('MaxValue', 'any')}"
    return f"must have {about.get('MinLength', 0)} to {about.get('MaxLength', 4096)} characters"


def _once(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
