"""What went wrong, named by the property that it breaks."""

from __future__ import annotations

from enum import Enum

__all__ = ["Broken", "Property"]


class Property(Enum):
    """What must hold in every history."""

    AGREEMENT = "1 ledger and list agree, and are what the newest decision says"
    EXPOSURE = "2 nobody opted out is off the list for longer than the faults last"
    RECORD = "3 each decision is recorded exactly once"
    ANSWERS = "4 one confirmation a decision, and one whenever sending works"
    THIRTY_DAYS = "5 no second deletion within 30 days, and every pending opt-in is released"
    DUTY = "6 nothing due is dropped, nothing retried too fast"
    DISCRETION = "7 no number and no text in a log"
    EVIDENCE = "8 every evidence chain is intact, and its facts are what happened"


class Broken(AssertionError):
    """A property does not hold."""

    def __init__(self, property_: Property, what: str) -> None:
        super().__init__(f"{property_.value}: {what}")
        self.property = property_
        self.what = what
