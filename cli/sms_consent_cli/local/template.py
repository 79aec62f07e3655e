"""Reading template.yaml: parameter checks and AWS's own SAM transform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# Neither has type information.
from samtranslator.public.exceptions import InvalidDocumentException  # type: ignore[import-untyped]
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from samtranslator.yaml_helper import intrinsics_multi_constructor  # type: ignore[import-untyped]

from sms_consent_cli.local.errors import LocalError

__all__ = ["DEMO_PARAMETERS", "Template", "parameters_of", "read_template"]

DEMO_PARAMETERS = {"Brand": "Example Bank", "SupportContact": "help.example.com", "AccessKeys": "Enabled"}
"""Values for parameters without a default, and both kinds of API callers enabled."""


@dataclass(frozen=True)
class Template:
    """A template after the SAM transform, and the folder of each function's code."""

    document: dict[str, Any]
    parameters: Mapping[str, str]
    code: Mapping[str, Path]


def read_template(path: Path, chosen: Mapping[str, str]) -> Template:
    """Read and transform a template. Raises LocalError if it is invalid, or needs what the local stack does not support."""
    template = _parse(path)
    parameters = _parameters(template, chosen)
    code = _code_folders(template, path.parent)
    try:
        document: dict[str, Any] = transform(template, dict(parameters), _NoManagedPolicies())
    except InvalidDocumentException as error:
        raise LocalError(f"{path}: " + "; ".join(str(cause.message) for cause in error.causes)) from error
    return Template(document, parameters, code)


def parameters_of(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return a template's parameter declarations by name. Raises LocalError if the file is not a template."""
    declared: Mapping[str, Mapping[str, Any]] = _parse(path).get("Parameters", {})
    return declared


class _NoManagedPolicies:
    """An empty map of managed policies: no roles are created, so their ARNs are not needed."""

    def load(self) -> dict[str, str]:
        return {}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # either is a class
    """A YAML loader that reads short forms such as `!Ref` as SAM does. In C, if PyYAML has it: seven times as fast."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def _parse(path: Path) -> dict[str, Any]:
    try:
        template = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  it derives from a safe one
    except OSError as error:
        raise LocalError(f"{path}: {error.strerror}. --template names the SAM template to run") from error
    except (ValueError, yaml.YAMLError) as error:
        raise LocalError(f"{path} is not a SAM template: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise LocalError(f"{path} is not a SAM template: it has no Resources")
    return template


def _parameters(template: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, str]:
    declared: Mapping[str, Any] = template.get("Parameters", {})
    if unknown := sorted(set(chosen) - set(declared)):
        raise LocalError(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}")
    values = {name: value for name, value in DEMO_PARAMETERS.items() if name in declared} | dict(chosen)
    missing = [name for name, about in declared.items() if "Default" not in about and name not in values]
    if missing:
        raise LocalError(f"the template needs --parameter {missing[0]}=VALUE")
    for name, value in values.items():
        pattern = declared[name].get("AllowedPattern")
        allowed = [str(one) for one in declared[name].get("AllowedValues", [value])]
        # CloudFormation matches each value of a list against the pattern.
        each = value.split(",") if declared[name]["Type"] == "CommaDelimitedList" else [value]
        if value not in allowed or (pattern is not None and not all(re.fullmatch(pattern, one) for one in each)):
            rule = declared[name].get("ConstraintDescription", f"must be one of {', '.join(allowed)}")
            raise LocalError(f"the parameter {name} {rule}")
    return values


def _code_folders(template: dict[str, Any], root: Path) -> dict[str, Path]:
    """Return each function's code folder, and put a fake S3 URI in its place: the transform requires uploaded code."""
    common = template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    code: dict[str, Path] = {}
    for name, resource in template["Resources"].items():
        if resource.get("Type") != "AWS::Serverless::Function":
            continue
        place = resource["Properties"].get("CodeUri", common)
        if not isinstance(place, str) or place.startswith("s3:"):
            raise LocalError(f"{name} has no CodeUri that is a folder here")
        code[name] = (root / place).resolve()
        resource["Properties"]["CodeUri"] = "s3://local/code.zip"
    return code
