"""Build hook of the wheel: adds the files that `sms_consent_cli.shared.resources` looks for."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "sms_consent_cli/resources"


class WheelResources(BuildHookInterface[Any]):
    """Includes template, sample events and function code, except in an editable install: that reads the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to what the wheel builder includes."""
        if version != "editable":
            build_data["force_include"] |= {
                name: f"{FOLDER}/{name}" for name in ("template.yaml", "events", "functions")
            }
