"""The commands and the API use the same names for the same values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.models import ConsentView, DecisionView
from sms_consent.domain.consent import Consent, DriftKind, Due, Listing, Status
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.evidence import Fact, FactKind
from sms_consent.domain.reply import ReplyKind, ReplyState
from sms_consent.queries.history import Entry
from sms_consent.queries.views import consent_view, decision_view

AT = datetime(2026, 11, 3, 14, 2, 11, 123000, tzinfo=UTC)
BARE = Consent(
    number="+14255550182", list_name="Default", status=Status.OPTED_IN, end_user_opted_out=False, decided_at=AT,
    decided_by="id",
)  # fmt: skip
FULL = Consent(
    number="+14255550182", list_name="Default", status=Status.OPT_IN_PENDING, end_user_opted_out=True, decided_at=AT,
    decided_by="id", applied_version=1, listed=True, listing=Listing(at=AT, end_user_opted_out=False),
    first_asked_out_at=AT, asked_out_at=AT, asked_out_count=2, deleted_at=AT,
    held_until=AT + timedelta(days=30), refusal="ConflictException", due=Due.OPT_IN, due_at=AT, attempts=3,
)  # fmt: skip
DECISION = Decision(
    id="id", number="+14255550182", asked=Asked.OPT_OUT, at=AT, author=Author.AGENT, through="api", tier="KEYWORD",
    rule="keyword:aws/STOP", matched="STOP", language="en", rules_version="1", body="STOP", actor="agent", reference="4711",
)  # fmt: skip

FACT = Fact(
    kind=FactKind.REPLIED, number="+14255550182", at=AT, list_name="Default", decision_id="id",
    since=AT - timedelta(seconds=1),
    listing=Listing(at=AT, end_user_opted_out=False), deleted_at=AT, until=AT, reason="reason", reply=ReplyKind.HELP,
    state=ReplyState.SENT, message_id="m-1", text="Help.", language="en", sender="+14255550100", drift=DriftKind.NOT_LISTED,
    status=Status.OPTED_OUT, entries=3, actor="arn",
)  # fmt: skip


@pytest.mark.parametrize("consent", [BARE, FULL])
def test_a_consent_has_the_names_that_the_api_gives_it(consent: Consent) -> None:
    """The API's schema has all that is told, under the same names: what it does not know it would pass over."""
    view = consent_view(consent)
    assert ConsentView.model_validate(view).model_dump(by_alias=True, exclude_none=True, mode="json") == view


@pytest.mark.parametrize("entry", [Entry(DECISION, Outcome.CHANGED, AT), Entry(DECISION, None, None)])
def test_a_decision_has_the_names_that_the_api_gives_it(entry: Entry) -> None:
    """Likewise."""
    view = decision_view(entry, [FACT])
    assert DecisionView.model_validate(view).model_dump(by_alias=True, exclude_none=True, mode="json") == view
