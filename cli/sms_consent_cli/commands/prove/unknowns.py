"""What a dossier does not prove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sms_consent.domain.chain_verification import ChainReport
from sms_consent.domain.consent import Consent
from sms_consent.domain.decision import Author, Decision
from sms_consent.domain.evidence import Fact
from sms_consent.domain.withdrawal import is_withdrawal
from sms_consent.intent import RULES_VERSION
from sms_consent_cli.commands.prove.dossier import Request, Unknown, WordsState

__all__ = ["unknowns"]


def unknowns(
    consents: Sequence[Consent],
    decisions: Sequence[Decision],
    requests: Sequence[Request],
    facts: Sequence[Fact],
    chain: ChainReport,
) -> tuple[Unknown, ...]:
    """Return what the ledger cannot show, beginning with what concerns this person."""
    return tuple(
        Unknown(topic=topic, statement=statement)
        for topic, statement in (
            *_about(consents, decisions, requests),
            *_by_aws((*consents, *facts)),
            *_of_chain(chain),
            *_ALWAYS,
        )
    )


def _about(
    consents: Sequence[Consent], decisions: Sequence[Decision], requests: Sequence[Request]
) -> Iterator[tuple[str, str]]:
    known = {decision.id for decision in decisions}
    if any(consent.decided_by not in known for consent in consents):
        yield (
            "Missing history",
            (
                "The request behind a status above is not in the ledger. It was erased, or has not been recorded by this "
                "deployment. Of an erased history nothing is left but the status and its times."
            ),
        )
    words = {each.words.state for each in requests}
    if WordsState.NOT_RECORDED in words:
        yield (
            "Erased words",
            "The exact words of some texts are no longer kept. What they asked for, the rule and the words that decided are.",
        )
    if WordsState.WITHHELD in words:
        yield (
            "Withheld words",
            (
                "The exact words are recorded, but this dossier was made without them (option --show-texts). The words that "
                "decided are shown."
            ),
        )
    imported = [each for each in decisions if each.author is Author.IMPORT]
    if any(each.end_user is not True for each in imported):
        yield (
            "Who asked, in imports",
            (
                "An imported file or list without a statement about it does not say whether the person asked, or the company "
                "stopped on its own account. The time is the one in the file."
            ),
        )
    if any(each.author is Author.END_USER and each.import_id is not None for each in decisions):
        yield (
            "Imported texts",
            "Texts from an imported message log are known only as that file has them.",
        )
    if any(each.author is Author.AGENT and not is_withdrawal(each) for each in decisions):
        yield (
            "What agents entered",
            (
                "What the person said to an agent or to another system is known only as that agent or system entered it. The "
                "time of an entry by the command line is known to the second only; an opt-out counts from the end of that second."
            ),
        )
    if any(each.confirmation.state == "NOT_RECORDED" for each in requests):
        yield (
            "Replies",
            (
                "For some requests no reply is recorded. Earlier releases kept only the newest one, and a number that is "
                "already on an opt-out list cannot be sent a confirmation."
            ),
        )
    if any(each.recorded_at is None for each in requests):
        yield ("Time of recording", "For some requests the time at which the ledger recorded them is not recorded.")
    if any(each.rules_version not in (None, RULES_VERSION) for each in decisions):
        yield (
            "Sources of rules",
            (
                "Some texts were classified with another version of the rules than the tool that made this dossier has. The "
                "sources shown for rules are those of the tool's version."
            ),
        )


def _by_aws(entries: Sequence[Consent | Fact]) -> Iterator[tuple[str, str]]:
    if any(each.listing is not None and each.listing.end_user_opted_out is False for each in entries):
        yield (
            "AWS's own mark",
            (
                "AWS's entry says EndUserOptedOut=false. AWS sets this itself for every entry made through its API, so it does "
                "not mean that the person did not ask. Whether they asked is what the requests in this dossier say."
            ),
        )


def _of_chain(chain: ChainReport) -> Iterator[tuple[str, str]]:
    if not chain.entries:
        return
    yield (
        "What the chain shows",
        (
            "The chain shows whether single entries were changed, removed or inserted afterwards. It does not show that an entry "
            "was true when it was written, and someone who can rewrite the whole table can compute the whole chain anew."
        ),
    )
    if chain.unchained or chain.without_chain:
        yield (
            "Entries outside the chain",
            "Entries from before the chain's start, or from releases without it, could have been changed without a trace.",
        )


_ALWAYS = (
    (
        "Delivery",
        "AWS's acceptance of a text is not its delivery. Whether a confirmation reached the handset, or was read, is not known.",
    ),
    (
        "Who wrote",
        (
            "That a text came from this number is what AWS reported. Who held the phone is not known, nor whether the "
            "number belonged to the same person at all times: numbers are reassigned."
        ),
    ),
    (
        "When it was sent",
        "The time of a text is that at which AWS published it. When the person pressed Send is not known.",
    ),
    (
        "Other texts",
        "Texts that ask for nothing that concerns consent are not recorded. That none is shown does not mean that none was sent.",
    ),
    (
        "Other channels",
        "Requests by telephone, letter, e-mail or web form are here only if an agent or another system entered them.",
    ),
    (
        "Texts to the person",
        (
            "Except for confirmations and replies, texts sent to the person are not recorded. Whether any was sent after the "
            "opt-out must be shown from the sending system or AWS's message logs."
        ),
    ),
    (
        "Consent before",
        "Whether, when and how the person first agreed to be texted is not recorded here.",
    ),
    (
        "Other numbers and lists",
        "Nothing is said about other numbers of the same person, other AWS accounts or regions, or carriers' own blocks.",
    ),
    (
        "One reading",
        "The ledger was read entry by entry. What changed while it was read may be missing.",
    ),
)
