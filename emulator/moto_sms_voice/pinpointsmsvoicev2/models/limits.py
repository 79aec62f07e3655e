"""Operations on the account: its tier and its monthly spend limits."""

from __future__ import annotations

from typing import Any

from ..exceptions import ValidationError
from ..utils import page
from .messages import MessageOperations

KINDS = ("TEXT", "VOICE", "MEDIA", "NOTIFY", "RCS")


class LimitOperations(MessageOperations):
    """The operations on the account. Spend limits are not enforced: prices are not emulated.

    A new AWS account is in the sandbox and may spend one US dollar. This one is in production, with a raised limit.
    https://docs.aws.amazon.com/sms-voice/latest/userguide/sandbox.html
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.spend_limits = dict.fromkeys(KINDS, 100)
        self._overrides: dict[str, int] = {}

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
        """Return the limits: the maximum, and the one that is enforced."""
        names = sorted(f"{kind}_MESSAGE_MONTHLY_SPEND_LIMIT" for kind in KINDS)
        found, token = page(["spend-limits"], names, self._limit, "Name", max_results, next_token)
        return {"SpendLimits": found, "NextToken": token}

    def _limit(self, name: str) -> dict[str, Any]:
        kind = name.partition("_")[0]
        most = self.spend_limits[kind]
        enforced = min(self._overrides.get(kind, most), most)
        return {"Name": name, "EnforcedLimit": enforced, "MaxLimit": most, "Overridden": kind in self._overrides}

    def _set_spend_limit(self, kind: str, monthly_limit: int | None) -> dict[str, int]:
        """Lower the enforced limit, or with None restore it to the maximum, and return it."""
        if monthly_limit is not None and monthly_limit > self.spend_limits[kind]:
            raise ValidationError(
                "REQUESTED_SPEND_LIMIT_HIGHER_THAN_SERVICE_LIMIT", ("MonthlyLimit", "Is above the account's maximum.")
            )
        self._overrides.pop(kind, None)
        if monthly_limit is not None:
            self._overrides[kind] = monthly_limit
        return {"MonthlyLimit": self._overrides.get(kind, self.spend_limits[kind])}

    def set_text_message_spend_limit_override(self, monthly_limit: int) -> dict[str, int]:
        return self._set_spend_limit("TEXT", monthly_limit)

    def delete_text_message_spend_limit_override(self) -> dict[str, int]:
        return self._set_spend_limit("TEXT", None)

    def set_voice_message_spend_limit_override(self, monthly_limit: int) -> dict[str, int]:
        return self._set_spend_limit("VOICE", monthly_limit)

    def delete_voice_message_spend_limit_override(self) -> dict[str, int]:
        return self._set_spend_limit("VOICE", None)

    def set_media_message_spend_limit_override(self, monthly_limit: int) -> dict[str, int]:
        return self._set_spend_limit("MEDIA", monthly_limit)

    def delete_media_message_spend_limit_override(self) -> dict[str, int]:
        return self._set_spend_limit("MEDIA", None)

    def set_rcs_message_spend_limit_override(self, monthly_limit: int) -> dict[str, int]:
        return self._set_spend_limit("RCS", monthly_limit)

    def delete_rcs_message_spend_limit_override(self) -> dict[str, int]:
        return self._set_spend_limit("RCS", None)
