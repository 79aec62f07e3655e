"""botocore repeats a write that has succeeded: the worker keeps the lease that it took."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from support.fake_clock import NOON, FakeClock
from support.memory_ledger import MemoryLedger
from support.memory_service import MemoryService
from support.workers import environment

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision

PERSON, OURS, LIST = "+14255550182", "+12125550101", "Default"


class Repeating(MemoryLedger):
    """Repeats its first write, after another worker wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.between: Any = None

    def save(self, consent: Consent, replacing: Consent | None) -> Consent:
        """Write; the first time, once more."""
        written = super().save(consent, replacing)
        between, self.between = self.between, None
        if between is not None:
            between()
            written = super().save(consent, replacing)
        return written


def _decision(asked: Asked, text_id: str, second: int) -> Decision:
    at = NOON.replace(second=second)
    return Decision(id=text_id, number=PERSON, asked=asked, at=at, author=Author.END_USER, through=OURS)


@pytest.mark.parametrize(("then", "texts"), [(Asked.OPT_OUT, 1), (Asked.OPT_IN, 1)])
def test_a_repeated_write_is_recognised_after_another_decision(then: Asked, texts: int) -> None:
    """The first worker still answers and changes the list at once, and not when its lease has ended."""
    clock = FakeClock(NOON.replace(minute=1))
    ledger, service, tokens = Repeating(), MemoryService(clock, {OURS: LIST}), count()

    def worker() -> Any:
        return environment(
            ledger=ledger, opt_out_list=service, texting=service, clock=clock,
            new_token=lambda: f"token-{next(tokens)}", own_list=LIST, paced=False,
        )  # fmt: skip

    second = worker()
    ledger.between = lambda: second.recorder.record(_decision(then, "b", 2), LIST, reply_from=OURS)
    worker().recorder.record(_decision(Asked.OPT_OUT, "a", 1), LIST, reply_from=OURS)
    consent = ledger.consents[PERSON, LIST]
    assert consent.status is (Status.OPTED_OUT if then is Asked.OPT_OUT else Status.OPTED_IN)
    assert (consent.settled, consent.lease) == (True, None)
    assert service.is_listed(PERSON, LIST) is (then is Asked.OPT_OUT)
    assert len(service.texts) == texts
    assert {entry.decision.id for entry in ledger.decisions()} == {"a", "b"}
