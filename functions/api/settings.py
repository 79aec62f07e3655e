"""What a deployment has chosen for its API beside what all functions share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sms_consent.settings import Problem, Settings

__all__ = ["of_unknown_senders", "own_list"]

_CHOICES = ("OWN_LIST", "REFUSE")


def own_list(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """The list of senders without settings of their own, None where those are refused.

    A value that does not exist counts as OWN_LIST, so that no opt-out is refused for it.
    """
    return None if environment.get("UNKNOWN_SENDERS") == "REFUSE" else settings.opt_out_list


def of_unknown_senders(environment: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the choice."""
    if (environment.get("UNKNOWN_SENDERS") or "OWN_LIST") not in _CHOICES:
        choices = " or ".join(_CHOICES)
        yield Problem("UnknownSenders", f"is not {choices}; OWN_LIST applies", f"Give {choices}.")
