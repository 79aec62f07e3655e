"""The request to sweep single numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sms_consent.domain.phone_number import PhoneNumber

__all__ = ["EXPECTED", "MOST", "NUMBERS", "targets_of"]

NUMBERS = "numbers"
MOST = 10
"""Numbers in one request: their calls use AWS's default quota of one second."""
EXPECTED = f'"{NUMBERS}" must be 1 to {MOST} objects with "number" in E.164 form and "list", and nothing else'

_LIST = re.compile(r"[A-Za-z0-9_:/-]{1,256}", re.ASCII)


def targets_of(event: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Return the number and list of each consent to sweep; None if the request is invalid.

    Checked by hand: a validation library would cost every cold start more than the check.
    """
    given = event[NUMBERS]
    if set(event) != {NUMBERS} or not isinstance(given, list) or not 1 <= len(given) <= MOST:
        return None
    targets = [_target(each) for each in given]
    found = [target for target in targets if target is not None]
    return list(dict.fromkeys(found)) if len(found) == len(targets) else None


def _target(given: object) -> tuple[str, str] | None:
    if not isinstance(given, Mapping) or set(given) != {"number", "list"}:
        return None
    number, list_name = given["number"], given["list"]
    if not isinstance(number, str) or not isinstance(list_name, str):
        return None
    return (number, list_name) if PhoneNumber.parse(number) and _LIST.fullmatch(list_name) else None
