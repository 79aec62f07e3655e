"""What a deployment has chosen for its API beside what all functions share."""

from __future__ import annotations

from collections.abc import Mapping

from sms_consent.bootstrap.settings import Settings

__all__ = ["own_list"]


def own_list(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The list of senders without settings of their own, None where those are refused.

    A value that does not exist counts as OWN_LIST, so that no opt-out is refused for it.
    """
    return None if environment.get("UNKNOWN_SENDERS") == "REFUSE" else settings.opt_out_list
