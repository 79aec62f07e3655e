"""The routes ``/numbers/{number}`` and ``/numbers/{number}/decisions``: what the ledger knows, for whoever is asked why."""

from __future__ import annotations

from api import problems
from api.http import Request, Response
from api.models import ConsentView, DecisionPage, DecisionView, NumberView
from sms_consent.domain.phone_number import canonical
from sms_consent.queries.history import ConsentQueries, NoSuchPlace, page_of
from sms_consent.queries.views import consent_view, decision_view

__all__ = ["MOST_DECISIONS", "People"]

MOST_DECISIONS, USUAL_DECISIONS = 100, 25


class People:
    """Answers about one number."""

    def __init__(self, register: ConsentQueries) -> None:
        self._register = register

    def number(self, request: Request, number: str) -> Response:
        """Consents on every list; none of them is an answer too."""
        if canonical(number) != number:
            return _no_number(request)
        return Response(
            200,
            NumberView(
                number=number,
                consents=[ConsentView.model_validate(consent_view(each)) for each in self._register.consents(number)],
            ),
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
            DecisionPage(
                number=number,
                decisions=[DecisionView.model_validate(decision_view(entry)) for entry in page.entries],
                next=page.next,
            ),
        )


def _no_number(request: Request) -> Response:
    return problems.invalid(request, {"number": ["A phone number in E.164 form, such as %2B14255550182."]})
