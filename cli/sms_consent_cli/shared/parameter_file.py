"""A deployment's parameters from a file: samconfig.toml, JSON for the AWS CLI, or KEY=VALUE lines."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["read_parameters"]

_FORMS = "samconfig.toml with parameter_overrides, a JSON list of ParameterKey and ParameterValue, or KEY=VALUE lines"
_COMMANDS = ("deploy", "global")
"""Sections of samconfig.toml that `sam deploy` reads, the one that wins first."""


def read_parameters(path: Path, config_env: str = "default") -> dict[str, str]:
    """Return the parameters in a file. Raises UsageError if it cannot be read or holds none."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text") from error
    if path.suffix.lower() == ".toml":
        return _of_samconfig(path, _toml(path, content), config_env)
    try:
        return _of_json(path, json.loads(content))
    except json.JSONDecodeError:
        pass
    try:
        return _of_samconfig(path, tomllib.loads(content), config_env)
    except tomllib.TOMLDecodeError:
        return _of_lines(path, content)


def _toml(path: Path, content: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def _of_samconfig(path: Path, document: Mapping[str, Any], config_env: str) -> dict[str, str]:
    if not any(isinstance(value, dict) for value in document.values()):
        return _of_mapping(document)  # KEY="VALUE" lines are TOML too
    sections = document.get(config_env, {})
    if not isinstance(sections, dict) or not sections:
        raise UsageError(f"{path} has no configuration {config_env}: give --config-env")
    for command in _COMMANDS:
        section = sections.get(command)
        parameters = section.get("parameters") if isinstance(section, dict) else None
        overrides = parameters.get("parameter_overrides") if isinstance(parameters, dict) else None
        if isinstance(overrides, dict):
            return _of_mapping(overrides)
        if isinstance(overrides, str):
            return _of_words(path, shlex.split(overrides))
        if isinstance(overrides, list):
            return _of_words(path, [word for each in overrides for word in _unquoted(str(each))])
    raise UsageError(f"{path} has no parameter_overrides for `sam deploy` in its configuration {config_env}")


def _of_json(path: Path, document: Any) -> dict[str, str]:
    if isinstance(document, dict):
        inner = document.get("Parameters")
        return _of_mapping(inner if isinstance(inner, dict) else document)
    if not isinstance(document, list):
        raise UsageError(f"{path} holds no parameters: give {_FORMS}")
    found: dict[str, str] = {}
    for each in document:
        if isinstance(each, dict) and isinstance(each.get("ParameterKey"), str):
            found[each["ParameterKey"]] = _value(each.get("ParameterValue", ""))
        elif isinstance(each, str):
            found |= _of_words(path, [each])
        else:
            raise UsageError(f"{path} holds an entry that is not a parameter: give {_FORMS}")
    return found


def _of_lines(path: Path, content: str) -> dict[str, str]:
    lines = (line.strip() for line in content.splitlines())
    return _of_words(path, [line for line in lines if line and not line.startswith("#")])


def _of_words(path: Path, words: Iterable[str]) -> dict[str, str]:
    """Parse ``Key=Value`` or ``ParameterKey=Key,ParameterValue=Value``. Values may be quoted."""
    found: dict[str, str] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if name.strip() == "ParameterKey":
            name, separator, value = value.partition(",ParameterValue=")
        if not separator:
            # The position only: the text may be a value that lost its quotes, such as a contact.
            raise UsageError(f"{path}: the entry after {len(found)} parameters is not KEY=VALUE; give {_FORMS}")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def _unquoted(word: str) -> list[str]:
    """Split an entry of a list that holds several quoted parameters."""
    return shlex.split(word) if '="' in word or "='" in word else [word]


def _of_mapping(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): _value(value) for name, value in parameters.items()}


def _value(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
