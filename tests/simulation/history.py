"""What happens in one simulated history: who asks for what, what had been before, and how everything is disturbed.

A history is plain data, so that a failing one can be shrunk, printed, kept and repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from sms_consent.domain.decision import Asked, Author
from sms_consent.domain.ports import Sender

__all__ = [
    "LINES",
    "LISTS",
    "OWN_LIST",
    "PEOPLE",
    "SENDERS",
    "SLOWEST",
    "WORDS",
    "Ask",
    "Before",
    "Deliver",
    "Ending",
    "Function",
    "History",
    "Lag",
    "Outage",
    "Proceed",
    "Request",
    "Step",
    "Sweep",
    "Terms",
    "Text",
    "Wait",
]

PEOPLE = ("+14255550182", "+12065550139", "+13125550144")
OWN_LIST = "Default"
LISTS = (OWN_LIST, "Marketing")
LINES = {"+12125550101": OWN_LIST, "+12125550102": OWN_LIST, "+12125550103": "Marketing"}
"""Our numbers, and the list that the texts to each count for."""


SENDERS = (Sender(identity="+12125550103", list_name="Marketing"),)
"""What is configured; the other numbers' texts count for the deployment's own list."""


class Ask(Enum):
    """What a text asks for."""

    STOP = "STOP"
    START = "START"
    YES = "YES"
    HELP = "HELP"
    UNCLEAR = "UNCLEAR"
    OTHER = "OTHER"


WORDS = {
    Ask.STOP: "STOP",
    Ask.START: "START",
    Ask.YES: "YES",
    Ask.HELP: "HELP",
    Ask.UNCLEAR: "WRONG NUMBER",
    Ask.OTHER: "See you at the end of the week",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text, published at a time (in seconds from the beginning) and delivered so many times."""

    person: int
    line: int
    ask: Ask
    at: float
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Request:
    """An agent's request or a line of an import."""

    person: int
    list: int
    asked: Asked
    author: Author
    at: float


@dataclass(frozen=True, slots=True)
class Before:
    """What the list remembers of a person from before this deployment: an entry, a deletion so many days ago."""

    person: int
    list: int
    listed: bool
    deleted_days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same throughout one history."""

    quotas: bool = False
    one_text_a_second: bool = False
    hold_counts_per_list: bool = True
    conflict: bool = False
    all_lists: bool = False  # the scope of what people and agents ask for: every list, not that of the sender alone
    prompt: bool = False  # in the end, sweep runs the moment that something is due, and not every minute
    grace: float = 60.0  # seconds; up to 300 can be configured, which is longer than a lease


class Function(Enum):
    """What runs: each is cut off at its time-out, as template.yaml has it."""

    INBOUND = 45
    SWEEP = 60
    REQUEST = 29


SLOWEST = timedelta(seconds=Function.SWEEP.value)
"""As long as a worker may take from one call to the next."""


class Ending(Enum):
    """How one call to the ledger, the list or texting ends."""

    WELL = "well"
    THROTTLED = "throttled"
    UNREACHED = "no connection"
    LOST_BEFORE = "timed out before it took effect"
    LOST_AFTER = "timed out after it took effect"
    LATE = "timed out, took effect seconds later"
    FAILED_BEFORE = "500 before it took effect"
    FAILED_AFTER = "500 after it took effect"
    REJECTED = "denied"
    REPEATED = "carried out, and repeated by the ledger's client"
    DIED_BEFORE = "the worker died before it"
    DIED_AFTER = "the worker died after it"


@dataclass(frozen=True, slots=True)
class Deliver:
    """A batch of these copies of what waits in the queue goes to a worker."""

    picks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proceed:
    """One worker makes some calls undisturbed, then one that ends as said."""

    worker: int
    calls: int
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep starts, whether or not another one runs."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Lag:
    """The index of due work falls behind by so many writes."""

    writes: int


@dataclass(frozen=True, slots=True)
class Outage:
    """Every call to the list and to texting, or to one of them, ends so for a while."""

    ending: Ending
    seconds: float
    texting_only: bool = False


Step = Deliver | Proceed | Sweep | Wait | Lag | Outage


@dataclass(frozen=True, slots=True)
class History:
    """All of it. What the steps leave undone is done afterwards, undisturbed."""

    texts: tuple[Text, ...] = ()
    requests: tuple[Request, ...] = ()
    before: tuple[Before, ...] = ()
    steps: tuple[Step, ...] = ()
    terms: Terms = Terms()
