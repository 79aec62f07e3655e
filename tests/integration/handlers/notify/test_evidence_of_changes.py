"""An event states the reason of a change only if it is known for certain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked, Author, Decision
from sms_consent.domain.events import of_consent

AT = datetime(2026, 11, 3, 14, tzinfo=UTC)
AGENTS = Decision(
    id="agents", number="+14255550182", asked=Asked.OPT_OUT, at=AT, author=Author.AGENT, through="api", reference="T-17"
)
STANDING = Consent(
    number="+14255550182",
    list_name="Default",
    status=Status.OPTED_OUT,
    end_user_opted_out=False,
    decided_at=AT,
    decided_by="agents",
    outbox=AGENTS,
)


def test_the_decision_behind_a_change_is_its_evidence() -> None:
    """It stands in the outbox, in the very write that changes the status."""
    event = of_consent(None, STANDING)
    assert event is not None
    assert event.detail["decision"] == {"author": "AGENT", "through": "api", "reference": "T-17"}


def test_an_older_decision_in_the_outbox_is_not_mistaken_for_the_newest() -> None:
    """The person confirmed an agent's opt-out before the history had it: that is not the agent's doing."""
    confirmed = replace(STANDING, decided_by="persons", end_user_opted_out=True, revision=2)
    event = of_consent(STANDING, confirmed)
    assert event is not None
    assert event.detail["decided_by"] == "persons"
    assert "decision" not in event.detail


def test_a_change_long_after_its_decision_has_no_evidence_with_it() -> None:
    """The history has it, by its id."""
    released = replace(STANDING, status=Status.OPTED_IN, outbox=None, revision=9)
    event = of_consent(replace(STANDING, status=Status.OPT_IN_PENDING, outbox=None, revision=8), released)
    assert event is not None
    assert "decision" not in event.detail
