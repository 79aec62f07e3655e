"""The routes ``/numbers/{number}`` and ``/numbers/{number}/decisions``: what the ledger knows, for whoever is asked why."""

from __future__ import annotations

from datetime import datetime

from api import problems
from api.http import Request, Response
from api.models import ConsentView, DecisionPage, DecisionView, ListingView, NumberView
from sms_consent.consent import Consent, Status
from sms_consent.history import Entry, NoSuchPlace, page_of
from sms_consent.numbers import canonical
from sms_consent.ports import Register
from sms_consent.times import as_text

__all__ = ["MOST_DECISIONS", "People"]

MOST_DECISIONS, USUAL_DECISIONS = 100, 25


class People:
    """Answers about one number."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def number(self, request: Request, number: str) -> Response:
        """Consents on every list; none of them is an answer too."""
        if canonical(number) != number:
            return _no_number(request)
        return Response(
            200, NumberView(number=number, consents=[_consent(each) for each in self._register.consents(number)])
        )

    def decisions(self, request: Request, number: str) -> Response:
        """One page of the history, newest first."""
        if canonical(number) != number:
            return _no_number(request)
        size = request.query.get("size", str(USUAL_DECISIONS))
        if not (size.isascii() and size.isdecimal() and len(size) <= 3 and 1 <= int(size) <= MOST_DECISIONS):
            return problems.invalid(request, {"size": [f"A whole number from 1 to {MOST_DECISIONS}."]})
        try:
            page = page_of(self._register, number, size=int(size), token=request.query.get("page"))
        except NoSuchPlace:
            return problems.invalid(request, {"page": ["Not a token that this number's history has given."]})
        return Response(
            200,
            DecisionPage(number=number, decisions=[_decision(each) for each in page.entries], next=page.next),
        )


def _no_number(request: Request) -> Response:
    return problems.invalid(request, {"number": ["A phone number in E.164 form, such as %2B14255550182."]})


def _consent(consent: Consent) -> ConsentView:
    listing = consent.listing
    return ConsentView(
        opt_out_list=consent.list_name,
        status=consent.status.value,
        is_opted_out=consent.status is not Status.OPTED_IN,
        end_user_opted_out=consent.end_user_opted_out,
        decided_at=as_text(consent.decided_at),
        decided_by=consent.decided_by,
        applied=consent.settled,
        listing=ListingView(at=_time(listing.at), end_user_opted_out=listing.end_user_opted_out)
        if listing is not None
        else None,
        deleted_at=_time(consent.deleted_at),
        released_at=_time(consent.held_until),
        refusal=consent.refusal,
        due=consent.due.value if consent.due is not None else None,
        due_at=_time(consent.due_at),
        attempts=consent.attempts,
    )


def _decision(entry: Entry) -> DecisionView:
    decision = entry.decision
    return DecisionView(
        id=decision.id,
        at=as_text(decision.at),
        asked=decision.asked.value,
        author=decision.author.value,
        through=decision.through,
        actor=decision.actor,
        reference=decision.reference,
        body=decision.body,
        tier=decision.tier,
        rule=decision.rule,
        matched=decision.matched,
        language=decision.language,
        rules_version=decision.rules_version,
        outcome=entry.outcome.value if entry.outcome is not None else None,
        recorded_at=_time(entry.recorded_at),
    )


def _time(moment: datetime | None) -> str | None:
    return as_text(moment) if moment is not None else None
