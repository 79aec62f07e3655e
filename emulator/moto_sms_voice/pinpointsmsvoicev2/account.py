"""Operations on the account: its tier and its monthly spend limits."""

from __future__ import annotations

from typing import Any

from .tags import TagBackend

PRODUCTION, SANDBOX = "PRODUCTION", "SANDBOX"
TIERS = (PRODUCTION, SANDBOX)
KINDS = ("TEXT", "VOICE", "MEDIA", "NOTIFY", "RCS")


class AccountBackend(TagBackend):
    """The operations on the account. Neither tier nor spend limits are enforced.

    A new AWS account is in the sandbox and may spend one US dollar. This one is in production, with a raised limit.
    https://docs.aws.amazon.com/sms-voice/latest/userguide/sandbox.html
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._tier = PRODUCTION
        self._limits = dict.fromkeys(KINDS, 100)

    def set_account(self, tier: str = PRODUCTION, text_spend_limit: int = 100) -> None:
        """Set the tier and the monthly spend limit for texts, in whole US dollars."""
        if tier not in TIERS:
            raise ValueError(f"A tier is one of {', '.join(TIERS)}.")
        if type(text_spend_limit) is not int or text_spend_limit < 0:
            raise ValueError("A limit is a whole number, from 0 on.")
        with self.lock:
            self._tier = tier
            self._limits["TEXT"] = text_spend_limit

    # --- operations

    def describe_account_attributes(
        self, next_token: str | None = None, max_results: int | None = None
    ) -> dict[str, Any]:
        """Return the tier. There is no default protect configuration, so its attribute is absent."""
        names = ["ACCOUNT_TIER"]
        found, token = self.paginator.page(
            ["account-attributes"], names, lambda name: {"Name": name, "Value": self._tier}, max_results, next_token
        )
        return {"AccountAttributes": found, "NextToken": token}

    def describe_spend_limits(self, next_token: str | None = None, max_results: int | None = None) -> dict[str, Any]:
        """Return the limits. The enforced limit equals the maximum: no lower one can be set."""
        names = sorted(f"{kind}_MESSAGE_MONTHLY_SPEND_LIMIT" for kind in KINDS)
        found, token = self.paginator.page(["spend-limits"], names, self._limit, max_results, next_token)
        return {"SpendLimits": found, "NextToken": token}

    def _limit(self, name: str) -> dict[str, Any]:
        limit = self._limits[name.partition("_")[0]]
        return {"Name": name, "EnforcedLimit": limit, "MaxLimit": limit, "Overridden": False}
