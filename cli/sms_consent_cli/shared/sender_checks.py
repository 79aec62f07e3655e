"""Decides whether a sender's settings could work, before they are written: what nobody checks now fails at somebody's STOP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sms_consent.domain.phone_number import E164_PATTERN
from sms_consent.domain.ports import Sender
from sms_consent.replies import Replies, UnfitReply
from sms_consent.replies.templates import language_tag
from sms_consent_cli.shared.usage_error import UsageError

if TYPE_CHECKING:
    from sms_consent_cli.shared.account import Account, OptOutList
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["Checked", "SenderChecks", "Wish"]

# As an inbound text names it: E.164 with its plus, a short code, or the id of an RCS agent; and a pool, for the API.
_IDENTITY = re.compile(rf"{E164_PATTERN}|[1-9][0-9]{{2,7}}|(pool|rcs)-[A-Za-z0-9_-]{{1,100}}", re.ASCII)
_LIST = re.compile(
    r"[A-Za-z0-9_-]{1,64}|arn:aws[a-z-]*:sms-voice:[a-z0-9-]+:[0-9]{12}:opt-out-list/[A-Za-z0-9_-]{1,64}"
)
_ARN = re.compile(r"arn:[A-Za-z0-9_:/-]+")
_SHORT = "x"
"""For a brand or contact that the deployment has and this command cannot know: at least the rest is checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wrote down for a sender; an empty value is the deployment's own."""

    identity: str
    list_name: str = ""
    brand: str = ""
    support_contact: str = ""
    language: str = ""
    reply_from: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A sender as it is to be written, and what its owner should know."""

    sender: Sender
    notes: tuple[str, ...]


class SenderChecks:
    """Holds wishes against the deployment, and against the account unless there is none to ask."""

    def __init__(self, deployment: Deployment, account: Account | None) -> None:
        self._deployment = deployment
        self._account = account
        self._fit: set[tuple[str | None, ...]] = set()

    def check(self, wish: Wish) -> Checked:
        """Raises Refusal with everything that is wrong."""
        problems: list[str] = []
        identity = wish.identity.strip()
        if not _IDENTITY.fullmatch(identity):
            problems.append("a sender is a number as +12125550101, a short code, a pool-… or an rcs-… id")
        reply_from = wish.reply_from.strip() or None
        if reply_from is not None and not _IDENTITY.fullmatch(reply_from):
            problems.append("replies are sent from a number as +12125550101, a short code, a pool-… or an rcs-… id")
        brand, contact, language = (
            value.strip() or None for value in (wish.brand, wish.support_contact, wish.language)
        )
        problems += self._faults_of_replies(brand, contact, language)
        given = wish.list_name.strip() or self._deployment.own_list or ""
        found = self._list(given, problems)
        if problems:
            raise UsageError("; ".join(problems))
        name = self._spelling(given, found)
        sender = Sender(
            identity=identity,
            list_name=name,
            brand=brand,
            support_contact=contact,
            language=language,
            reply_from=reply_from,
        )
        return Checked(sender, tuple(self._notes(sender, found)))

    def list_name(self, given: str) -> tuple[str, OptOutList | None]:
        """A list as the ledger names it. Raises Refusal."""
        problems: list[str] = []
        found = self._list(given.strip(), problems)
        if problems:
            raise UsageError("; ".join(problems))
        return self._spelling(given, found), found

    def _spelling(self, given: str, found: OptOutList | None) -> str:
        """The one name under which the ledger keeps the list's consents."""
        return found.reference if found is not None else self._deployment.names.canonical(given)

    def may_write(self, found: OptOutList) -> bool | None:
        """Whether the functions are allowed to, by the stack's parameters; None without a stack."""
        if not self._deployment.has_stack:
            return None
        # AWS gives a parameter that is a list with commas, moto as Python prints a list.
        named = _ARN.findall(self._deployment.parameter("AdditionalOptOutListArns"))
        own = self._deployment.own_list
        return found.arn in named or own in {found.arn, None if found.shared else found.name}

    def note_of_permission(self, found: OptOutList) -> str | None:
        """What to do where the functions may not."""
        if self.may_write(found) is not False:
            return None
        return (
            f"the functions may not write to {found.name} yet: add {found.arn} to the stack's AdditionalOptOutListArns "
            "and deploy. Until then, its opt-outs are recorded and stay due."
        )

    def _list(self, given: str, problems: list[str]) -> OptOutList | None:
        if not given:
            problems.append("give its list: there is no stack here whose own it could be")
        elif not _LIST.fullmatch(given):
            problems.append("a list is a name of letters, digits, _ and -, or an ARN")
        elif self._account is not None:
            found = self._account.find(given)
            if found is None:
                whose = "shared with this account" if given.startswith("arn:") else "in this account and region"
                there = ", ".join(sorted(each.name for each in self._account.lists))
                problems.append(f"there is no list {given} {whose}; there is {there}")
            return found
        return None

    # --- replies

    @cached_property
    def _replies(self) -> Replies:
        """Those of the deployment."""
        parameter = self._deployment.parameter
        return Replies(
            brand=parameter("Brand") or _SHORT,
            support_contact=parameter("SupportContact") or _SHORT,
            default_language=parameter("DefaultLanguage") or "en",
        )

    def _faults_of_replies(self, brand: str | None, contact: str | None, language: str | None) -> list[str]:
        asked = (brand, contact, language)
        if asked in self._fit:
            return []
        known = self._replies.languages
        if language is not None and language_tag(language) not in known:
            return [f"there are no replies in {language!r}; there are some in {', '.join(known)}"]
        try:
            self._replies.for_brand(brand, contact, language)
        except UnfitReply as unfit:
            return [problem.rstrip(".") for problem in unfit.problems[:2]]
        self._fit.add(asked)  # thousands of numbers may share one brand, whose texts take milliseconds to check
        return []

    # --- notes

    def _notes(self, sender: Sender, found: OptOutList | None) -> list[str]:
        if self._account is None or found is None:
            return []
        note = self.note_of_permission(found)
        notes = [note] if note is not None else []
        obeyed = self._account.list_of(sender.identity)
        if obeyed is not None and obeyed not in {found.name, found.arn}:
            notes.append(
                f"AWS has {sender.identity} obey the list {obeyed}, not {found.name}: texts from it are not stopped by "
                "opt-outs that count for another list. Change one of the two."
            )
        return notes
