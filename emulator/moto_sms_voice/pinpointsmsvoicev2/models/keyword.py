"""A keyword of an origination identity."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Keyword:
    """One keyword. Attributes have the names of the API's members."""

    origination_identity_arn: str
    origination_identity: str
    keyword: str
    keyword_message: str
    keyword_action: str
