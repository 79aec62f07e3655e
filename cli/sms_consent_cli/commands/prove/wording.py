"""Plain English for what the ledger records, each sentence about one record and claiming no more than it says."""

from __future__ import annotations

from sms_consent.domain.consent import DriftKind
from sms_consent.domain.decision import Asked, Author, Decision, Outcome
from sms_consent.domain.reply import ReplyKind, ReplyState
from sms_consent.domain.withdrawal import NO_REQUEST, is_withdrawal
from sms_consent_cli.shared.terminal_text import printable

__all__ = [
    "DIFFERENCES",
    "external",
    "import_statement",
    "outcome_statement",
    "reply_statement",
    "request_statement",
    "rule_statement",
    "source_statement",
]

_TIERS = {
    "KEYWORD": "The whole text is a keyword",
    "COMPANY": "The text is a keyword beside words that ask for nothing else",
    "MISSPELT": "The text is a misspelt keyword",
    "SENTENCE": "The text has a sentence that asks for it",
    "UNCLEAR": "The text may or may not be a request",
}
_RCS = {
    "event": "An RCS subscription event, not a text, was received",
    "postback": "The person tapped an RCS button whose meaning is configured for this deployment",
    "label": "The person tapped an RCS button; its label was classified",
    "content": "The text of an RCS message was classified",
}
_MEANING = {
    Asked.OPT_OUT: "an opt-out: the person wants no more texts",
    Asked.OPT_IN: "an opt-in: the person wants texts again",
    Asked.HELP: "a request for help",
    Asked.UNCLEAR: "possibly an opt-out, but not clearly one",
    Asked.UNKNOWN: "of a kind that this version of the tool does not know",
}
_REQUESTS = {
    Asked.OPT_OUT: "an opt-out",
    Asked.OPT_IN: "an opt-in",
    Asked.HELP: "a request for help",
    Asked.UNCLEAR: "an unclear text",
    Asked.UNKNOWN: "a request of an unknown kind",
}
_OUTCOMES = {
    Outcome.CHANGED: "It changed the person's status.",
    Outcome.CONFIRMED: "The person already had this status: it was recorded as a repeated request.",
    Outcome.STALE: "It had no effect: a newer request had been recorded before this one arrived.",
    Outcome.ANSWERED: "It changed no status.",
    Outcome.IGNORED: "It was ignored.",
}
DIFFERENCES = {
    DriftKind.NOT_LISTED: (
        "The ledger had the person as opted out, but the number was not on the opt-out list. While that lasted, AWS could "
        "deliver texts to it."
    ),
    DriftKind.NOT_RECORDED: (
        "The number was on the opt-out list, but the ledger had no opt-out for it. The entry was recorded as an opt-out at the "
        "entry's own time. Who put it on the list is not known."
    ),
    DriftKind.STILL_LISTED: (
        "The ledger had the person as opted in, but the number was on the opt-out list. AWS refuses texts to "
        "numbers on it."
    ),
}
_WHAT = {
    ReplyKind.OPT_OUT_CONFIRMATION: "the confirmation of the opt-out",
    ReplyKind.OPT_IN_CONFIRMATION: "the confirmation of the opt-in",
    ReplyKind.HELP: "the reply to the request for help",
    ReplyKind.ASK: "the question whether the person wants to opt out",
}
_THROUGH = {
    "api": "the API",
    "cli": "the command line",
}


def external(text: str) -> str:
    """Return text from outside for a sentence: truncated, isolated if it runs right to left, control characters escaped."""
    return printable(text, quoted=False)


def request_statement(decision: Decision) -> str:
    """Return a sentence that says who asked for what, through which channel, as far as it is recorded."""
    what = _REQUESTS[decision.asked]
    if is_withdrawal(decision):
        by = external(decision.actor) if decision.actor else "a person who is not recorded"
        return f"The import {external(decision.import_id or '')} was undone by {by}. This is no request by the person."
    if decision.author is Author.END_USER and decision.import_id is not None:
        return f"According to {_place(decision)}, an imported message log, this number sent a text that was understood as {what}."
    if decision.author is Author.END_USER:
        return f"A text from this number to {external(decision.through)} was understood as {what}."
    if decision.author is Author.AGENT:
        return _by_agent(decision, what)
    if decision.author is Author.IMPORT:
        return _imported(decision, what)
    by = f" by {external(decision.actor)}" if decision.actor else ""
    return f"{_capital(what)} was recorded{by} through {external(decision.through)}."


def _by_agent(decision: Decision, what: str) -> str:
    way, _, channel = decision.through.partition("/")
    by = external(decision.actor) if decision.actor else "an agent whose name is not recorded"
    if decision.actor and way == "cli" and not decision.actor.startswith("arn:"):
        by = f"{by} (a name as stated, not an AWS identity)"
    through = _THROUGH.get(way, external(way))
    said = f" According to the entry, the person asked by {external(channel)}." if channel else (
        " How the person asked is not recorded."
    )  # fmt: skip
    return f"{_capital(what)} was entered by {by} through {through}.{said}"


def _imported(decision: Decision, what: str) -> str:
    if decision.through == "opt-out-list":
        return (
            "The number was found on the opt-out list without an opt-out in the ledger, and was recorded as opted out. "
            "Who put it on the list is not known."
        )
    if decision.through == "ledger-restore":
        return (
            "An opt-in that had not been carried out was revoked when the ledger was restored from a backup. This is no request "
            "by the person."
        )
    if decision.through.startswith("opt-out list "):
        source = external(decision.through.removeprefix("opt-out list "))
        return f"{_capital(what)} was copied from the opt-out list {source}. {_who_asked(decision, 'The entry there')}"
    return f"{_capital(what)} was imported from {_place(decision)}. {_who_asked(decision, 'The file')}"


def _place(decision: Decision) -> str:
    name, _, line = (decision.reference or "").rpartition(":")
    return f"{external(name)}, line {external(line)}" if name else "a file whose name is not recorded"


def source_statement(through: str) -> str:
    """Return a sentence that says where the time of an imported request comes from."""
    if through == "ledger-restore":
        return "The backup from which the ledger was restored was made at this time."
    if through == "opt-out-list" or through.startswith("opt-out list "):
        return "The entry on the opt-out list has this time."
    return "According to an imported file, the request is of this time."


def _who_asked(decision: Decision, source: str) -> str:
    said = decision.end_user
    if decision.import_id is None and said is False:
        said = None  # earlier releases stored this also for sources that do not say
    if said is None:
        return f"{source} does not say who asked for it."
    return f"{source} says that the person {'asked for it' if said else 'did not ask for it themselves'}."


def import_statement(file_name: str | None, identity: str | None, *, is_recorded: bool) -> str:
    """Return a sentence about an import: its file and the identity that ran it, as far as they are recorded."""
    name = f"the file {external(file_name)}" if file_name else "a file whose name is not recorded"
    if not is_recorded:
        return (
            f"Imported from {name}. The import itself is not recorded: who ran it, with which options, and the file's digest "
            "are not known."
        )
    by = f"by the AWS identity {external(identity)}" if identity else "by an AWS identity that is not recorded"
    return (
        f"Imported from {name} {by}. The digest identifies the file: a copy of it has the same digest. "
        "Whether what the file says is true is not known."
    )


def rule_statement(decision: Decision) -> str:
    """Return a sentence that says how a text was understood."""
    kind, _, name = (decision.rule or "").partition(":")
    how = _RCS.get(kind) or _TIERS.get(decision.tier or "", "How the text was understood is not recorded")
    if "/weighed" in name:
        how = "No single pattern decided: the words of the text, weighed together, indicate it"
    return f"{how}. It counts as {_MEANING[decision.asked]}."


def outcome_statement(decision: Decision, outcome: Outcome | None) -> str:
    """Return a sentence about the effect that a request had when it was recorded."""
    if outcome is None:
        return "It is being processed: its effect is in the status above, and its entry in the history is not complete yet."
    if not is_withdrawal(decision):
        return _OUTCOMES[outcome]
    if outcome is Outcome.STALE:
        return "That changed no status: a newer request counts."
    if decision.at == NO_REQUEST:
        return "No other request was left, so the person counts as opted in."
    status = "opted out" if decision.asked is Asked.OPT_OUT else "opted in"
    return f"Another request counts again: the person is {status} by it."


def reply_statement(kind: ReplyKind, state: ReplyState, why: str | None) -> str:
    """Return a sentence about a reply. That AWS accepted a text does not mean that it was delivered."""
    what = _WHAT[kind]
    reason = f": {external(why)}" if why else "; why is not recorded"
    match state:
        case ReplyState.SENT:
            return f"AWS accepted {what} for sending. Whether it reached the handset is not known."
        case ReplyState.DUE:
            return f"{_capital(what)} has not been sent yet."
        case ReplyState.CLAIMED:
            return f"{_capital(what)} is being sent, or its sending was interrupted."
        case ReplyState.SKIPPED:
            return f"{_capital(what)} was not sent{reason}."
        case ReplyState.FAILED:
            return f"{_capital(what)} could not be sent{reason}."
        case ReplyState.UNKNOWN:
            return f"Whether {what} was sent is not known{reason}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
