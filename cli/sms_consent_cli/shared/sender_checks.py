"""Validation of a sender's settings before they are written, as wrong ones would only fail at the next STOP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sms_consent.domain.phone_number import E164_PATTERN
from sms_consent.domain.ports import Sender
from sms_consent.replies import Replies, UnfitReply
from sms_consent.replies.composer import language_tag
from sms_consent_cli.shared.usage_error import UsageError

if TYPE_CHECKING:
    from sms_consent_cli.shared.account import Account, AccountList
    from sms_consent_cli.shared.deployment import Deployment

__all__ = ["CheckedSender", "SenderChecks", "SenderRequest"]

# The destination of an inbound text (E.164, short code or RCS agent id), or a pool id, which the API accepts.
_IDENTITY = re.compile(rf"{E164_PATTERN}|[1-9][0-9]{{2,7}}|(pool|rcs)-[A-Za-z0-9_-]{{1,100}}", re.ASCII)
_LIST = re.compile(
    r"[A-Za-z0-9_-]{1,64}|arn:aws[a-z-]*:sms-voice:[a-z0-9-]+:[0-9]{12}:opt-out-list/[A-Za-z0-9_-]{1,64}"
)
_ARN = re.compile(r"arn:[A-Za-z0-9_:/-]+")
_SHORT = "x"
"""Stands for a brand or contact of the deployment that this command cannot read, so that the rest can be checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRequest:
    """The requested settings of a sender. An empty value means the deployment's own."""

    identity: str
    list_name: str = ""
    brand: str = ""
    support_contact: str = ""
    language: str = ""
    reply_from: str = ""


@dataclass(frozen=True, slots=True)
class CheckedSender:
    """A sender that passed the checks, with notes for its owner."""

    sender: Sender
    notes: tuple[str, ...]


class SenderChecks:
    """Checks settings against the deployment, and against the AWS account unless ``account`` is None."""

    def __init__(self, deployment: Deployment, account: Account | None) -> None:
        self._deployment = deployment
        self._account = account
        self._fit: set[tuple[str | None, ...]] = set()

    def check(self, request: SenderRequest) -> CheckedSender:
        """Return the checked sender. Raises UsageError with every problem."""
        problems: list[str] = []
        identity = request.identity.strip()
        if not _IDENTITY.fullmatch(identity):
            problems.append("a sender is a number as +12125550101, a short code, a pool-… or an rcs-… id")
        reply_from = request.reply_from.strip() or None
        if reply_from is not None and not _IDENTITY.fullmatch(reply_from):
            problems.append("replies are sent from a number as +12125550101, a short code, a pool-… or an rcs-… id")
        brand, contact, language = (
            value.strip() or None for value in (request.brand, request.support_contact, request.language)
        )
        problems += self._reply_problems(brand, contact, language)
        given = request.list_name.strip() or self._deployment.own_list or ""
        found = self._list(given, problems)
        if problems:
            raise UsageError("; ".join(problems))
        name = self._ledger_name(given, found)
        sender = Sender(
            identity=identity,
            list_name=name,
            brand=brand,
            support_contact=contact,
            language=language,
            reply_from=reply_from,
        )
        return CheckedSender(sender, tuple(self._notes(sender, found)))

    def list_name(self, given: str) -> tuple[str, AccountList | None]:
        """Return a list's name in the ledger, and the list if it was looked up in the account. Raises UsageError."""
        problems: list[str] = []
        found = self._list(given.strip(), problems)
        if problems:
            raise UsageError("; ".join(problems))
        return self._ledger_name(given, found), found

    def _ledger_name(self, given: str, found: AccountList | None) -> str:
        """Return the list's name in the ledger."""
        return found.reference if found is not None else self._deployment.names.canonical(given)

    def may_write(self, found: AccountList) -> bool | None:
        """Return whether the functions' roles allow writing to a list; None without a stack."""
        if not self._deployment.has_stack:
            return None
        # AWS gives a parameter that is a list with commas, moto as Python prints a list.
        named = _ARN.findall(self._deployment.parameter("AdditionalOptOutListArns"))
        own = self._deployment.own_list
        return found.arn in named or own in {found.arn, None if found.shared else found.name}

    def note_of_permission(self, found: AccountList) -> str | None:
        """Return what to do if the functions may not write to a list, or None."""
        if self.may_write(found) is not False:
            return None
        return (
            f"the functions may not write to {found.name} yet: add {found.arn} to the stack's AdditionalOptOutListArns "
            "and deploy. Until then, its opt-outs are recorded and stay due."
        )

    def _list(self, given: str, problems: list[str]) -> AccountList | None:
        if not given:
            problems.append("give --list: without a stack there is no default list")
        elif not _LIST.fullmatch(given):
            problems.append("a list is a name of letters, digits, _ and -, or an ARN")
        elif self._account is not None:
            found = self._account.find(given)
            if found is None:
                whose = "shared with this account" if given.startswith("arn:") else "in this account and region"
                there = ", ".join(sorted(each.name for each in self._account.lists))
                problems.append(f"there is no list {given} {whose}; existing lists: {there}")
            return found
        return None

    # --- replies

    @cached_property
    def _replies(self) -> Replies:
        """The deployment's replies."""
        parameter = self._deployment.parameter
        return Replies(
            brand=parameter("Brand") or _SHORT,
            support_contact=parameter("SupportContact") or _SHORT,
            default_language=parameter("DefaultLanguage") or "en",
        )

    def _reply_problems(self, brand: str | None, contact: str | None, language: str | None) -> list[str]:
        asked = (brand, contact, language)
        if asked in self._fit:
            return []
        known = self._replies.languages
        if language is not None and language_tag(language) not in known:
            return [f"there are no replies in {language!r}; supported languages: {', '.join(known)}"]
        try:
            self._replies.for_brand(brand, contact, language)
        except UnfitReply as error:
            return [problem.rstrip(".") for problem in error.problems[:2]]
        self._fit.add(asked)  # thousands of numbers may share a brand, and checking its replies takes milliseconds
        return []

    # --- notes

    def _notes(self, sender: Sender, found: AccountList | None) -> list[str]:
        if self._account is None or found is None:
            return []
        note = self.note_of_permission(found)
        notes = [note] if note is not None else []
        obeyed = self._account.list_of(sender.identity)
        if obeyed is not None and obeyed not in {found.name, found.arn}:
            notes.append(
                f"{sender.identity} uses the list {obeyed} in AWS, not {found.name}: AWS would send its texts to people who "
                f"are opted out on {found.name} only. Change one of the two."
            )
        return notes
