"""The consent that counts for one person and one sender, also after a change of list."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.known_lists import CachedLists, Lists
from sms_consent.domain.consent import Consent, Status
from sms_consent.recording.list_copy import newest

__all__ = ["CurrentConsents"]


class CurrentConsents:
    """Reads a person's consents on all lists by one query. Raises TryAgain or Rejected."""

    def __init__(self, register: DynamoConsentQueries, lists: CachedLists) -> None:
        self._register = register
        self._lists = lists

    def of(self, sender: str, list_name: str) -> Callable[[str], Consent | None]:
        """Return a function that returns a number's consent, for a sender and the list that texts to it count for.

        It returns the newest of these: the consent on the list; a consent on a list whose copy to it is not complete; and an
        opt-out that was texted to this sender while it had another list, unless that list was left behind by choice.
        """
        lists = self._lists.read()
        copies = tuple(each for each in lists.copies if each.target == list_name)

        def current(number: str) -> Consent | None:
            consents = {each.list_name: each for each in self._register.consents(number)}
            found = consents.pop(list_name, None)
            for copy in copies:
                earlier = consents.pop(copy.source, None)
                if earlier is not None and copy.covers(earlier):
                    found = newest(found, earlier)
            for earlier in self._texted_elsewhere(consents.values(), sender, lists):
                found = newest(found, earlier)
            return found

        return current

    def _texted_elsewhere(self, consents: Iterable[Consent], sender: str, lists: Lists) -> Iterable[Consent]:
        for consent in consents:
            if consent.status is not Status.OPTED_OUT or not consent.end_user_opted_out:
                continue
            left_at = lists.left_behind.get(consent.list_name)
            if left_at is not None and consent.decided_at <= left_at:
                continue
            decision = self._register.decision(consent)
            if decision is not None and decision.through == sender:
                yield consent
