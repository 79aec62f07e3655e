"""What a deployment has chosen for its API beside what all functions share."""

from __future__ import annotations

from collections.abc import Mapping

from sms_consent.settings import Settings, SettingsError

__all__ = ["own_list"]


def own_list(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The list of senders without settings of their own, None where those are refused."""
    match environment.get("UNKNOWN_SENDERS", "OWN_LIST"):
        case "OWN_LIST":
            return settings.opt_out_list
        case "REFUSE":
            return None
        case _:
            raise SettingsError("UNKNOWN_SENDERS must be OWN_LIST or REFUSE")
