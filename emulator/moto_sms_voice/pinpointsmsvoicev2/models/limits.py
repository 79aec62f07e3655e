"""Operations on the account: its tier and its monthly spend limits."""

from __future__ import annotations

from typing import Any

from ..utils import page
from .account import Account

KINDS = ("TEXT", "VOICE", "MEDIA", "NOTIFY", "RCS")


class LimitOperations(Account):
    """The operations on the account. Neither tier nor spend limits are enforced.

    A new AWS account is in the sandbox and may spend one US dollar. This one is in production, with a raised limit.
    https://docs.aws.amazon.com/sms-voice/latest/userguide/sandbox.html
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tier = "PRODUCTION"
        self.spend_limits = dict.fromkeys(KINDS, 100)

    def describe_account_attributes(
        self, next_token: str | None = None, max_results: int | None = None
    ) -> dict[str, Any]:
        """Return the tier. There is no default protect configuration, so its attribute is absent."""
        names = ["ACCOUNT_TIER"]
        found, token = page(
            ["account-attributes"],
            names,
            lambda name: {"Name": name, "Value": self.tier},
            "Name",
            max_results,
            next_token,
        )
        return {"AccountAttributes": found, "NextToken": token}

    def describe_spend_limits(self, next_token: str | None = None, max_results: int | None = None) -> dict[str, Any]:
        """Return the limits. The enforced limit equals the maximum: no lower one can be set."""
        names = sorted(f"{kind}_MESSAGE_MONTHLY_SPEND_LIMIT" for kind in KINDS)
        found, token = page(["spend-limits"], names, self._limit, "Name", max_results, next_token)
        return {"SpendLimits": found, "NextToken": token}

    def _limit(self, name: str) -> dict[str, Any]:
        limit = self.spend_limits[name.partition("_")[0]]
        return {"Name": name, "EnforcedLimit": limit, "MaxLimit": limit, "Overridden": False}
