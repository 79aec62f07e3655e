"""Canonical names of opt-out lists, which AWS accepts by name or by ARN.

In the ledger, a list of the deployment's own account and region always has its name: under two names it would have two sets
of consents. A list of another account is always stored under its ARN.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ListNames"]

_ARN = re.compile(
    r"arn:aws[a-z-]*:sms-voice:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):opt-out-list/(?P<name>[A-Za-z0-9_-]{1,64})",
    re.ASCII,
)

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))
"""Partitions by the beginning of a region's name. Every other region is in ``aws``."""


@dataclass(frozen=True, slots=True)
class ListNames:
    """The names of opt-out lists in one account and region. Without an account, every name stays as it is."""

    account: str = ""
    region: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ListNames:
        """Read ACCOUNT_ID, which template.yaml sets, and AWS_REGION, which Lambda sets, from a function's environment."""
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
        return cls(environment.get("ACCOUNT_ID", "").strip(), region.strip())

    @classmethod
    def of_arn(cls, arn: str) -> ListNames:
        """Take account and region from the ARN of any resource of the deployment."""
        parts = arn.split(":")
        return cls(parts[4], parts[3]) if len(parts) > 5 else cls()

    def canonical(self, given: str) -> str:
        """Return the list's name, or its ARN if it belongs to another account or region."""
        found = _ARN.fullmatch(given.strip())
        if found is None or found["account"] != self.account:
            return given.strip()
        # Without a known region, assume the own region for a list of the own account: no function can use another region.
        return found["name"] if self.region in ("", found["region"]) else given.strip()

    def alias(self, name: str) -> str | None:
        """Return the ARN of a list, under which earlier releases may have stored its consents."""
        if not self.account or not self.region or name.startswith("arn:"):
            return None
        partition = next((each for start, each in _PARTITIONS if self.region.startswith(start)), "aws")
        return f"arn:{partition}:sms-voice:{self.region}:{self.account}:opt-out-list/{name}"
