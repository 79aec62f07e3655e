"""Verification of an evidence chain: each way to change a number's entries by hand is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_consent.domain.chain_verification import ChainReport, Entry, FindingKind, SealedText, verify_chain
from sms_consent.domain.evidence import ChainHead, Fact, FactKind, digest_of_content, digest_of_text

NUMBER = "+14255550182"
BEGAN = datetime(2026, 11, 3, 14, 2, 11, tzinfo=UTC)
SALT = "9f2c"


def entry(sequence: int, previous: str | None, kind: FactKind = FactKind.LISTED, text: str = "STOP") -> Entry:
    """An entry with one text, as the ledger stores it."""
    at = BEGAN + timedelta(minutes=sequence - 1)
    sealed = SealedText(text, SALT, digest_of_text(SALT, text))
    content = {
        "pk": NUMBER, "kind": kind.value, "at": at.isoformat(), "sequence": sequence, "previous": previous or "",
        "text_digest": sealed.digest,
    }  # fmt: skip
    since = BEGAN if kind is FactKind.ERASED else None
    return Entry(
        sequence=sequence, previous=previous, digest=digest_of_content(content), content=content,
        texts={"text": sealed}, recorded_at=at, fact=Fact(kind=kind, number=NUMBER, at=at, since=since),
    )  # fmt: skip


def chain(length: int) -> tuple[list[Entry], ChainHead]:
    """A chain and its head."""
    made: list[Entry] = []
    for sequence in range(1, length + 1):
        made.append(entry(sequence, made[-1].digest if made else None, text=f"STOP {sequence}"))
    return made, ChainHead(length, made[-1].digest or "", BEGAN)


def mark(head: ChainHead) -> ChainHead:
    """What a consent says about the newest entry."""
    return replace(head, begun_at=None)


def kinds(report: ChainReport) -> set[FindingKind]:
    """What was found."""
    return {finding.kind for finding in report.findings}


def changed(entry: Entry, **content: object) -> Entry:
    """The entry with another content, and its old digest."""
    return replace(entry, content={**entry.content, **content})


def recomputed(entry: Entry) -> Entry:
    """The entry with a digest that fits its content."""
    return replace(entry, digest=digest_of_content(entry.content))


@given(st.integers(1, 12), st.randoms(use_true_random=False))
def test_a_chain_as_it_was_written_is_intact_in_any_order(length: int, random: object) -> None:
    """Decisions are stored by time and facts by sequence number."""
    entries, head = chain(length)
    random.shuffle(entries)  # type: ignore[attr-defined]
    report = verify_chain(entries, head, [mark(head)])
    assert report.is_intact
    assert (report.entries, report.unchained, report.begun_at) == (length, 0, BEGAN)


@given(st.data())
def test_any_removed_entry_is_found(data: st.DataObject) -> None:
    """Any set of entries, unless the whole chain goes with every consent that refers to it."""
    entries, head = chain(data.draw(st.integers(1, 8)))
    gone = data.draw(st.sets(st.integers(0, len(entries) - 1), min_size=1))
    left = [each for place, each in enumerate(entries) if place not in gone]
    assert FindingKind.MISSING in kinds(verify_chain(left, head, [mark(head)]))
    assert FindingKind.MISSING in kinds(verify_chain(left, head))


@given(st.data())
def test_any_changed_entry_is_found_whether_or_not_its_digest_was_recomputed(data: st.DataObject) -> None:
    """A recomputed digest no longer is what the next entry, or the head, refers to."""
    entries, head = chain(data.draw(st.integers(1, 8)))
    place = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(["pk", "kind", "at", "text_digest"]))
    entries[place] = changed(entries[place], **{field: "another"})
    assert FindingKind.CHANGED in kinds(verify_chain(entries, head))
    entries[place] = recomputed(entries[place])
    assert kinds(verify_chain(entries, head)) == {FindingKind.REPLACED}


def _swap(entries: list[Entry]) -> None:
    first, second = entries[1], entries[2]
    entries[1] = replace(first, sequence=second.sequence)
    entries[2] = replace(second, sequence=first.sequence)


def _swap_with_content(entries: list[Entry]) -> None:
    first, second = entries[1], entries[2]
    entries[1] = recomputed(replace(changed(first, sequence=3), sequence=3))
    entries[2] = recomputed(replace(changed(second, sequence=2), sequence=2))


def _insert(entries: list[Entry]) -> None:
    entries.append(entry(2, entries[0].digest, text="START"))


def _text(entries: list[Entry]) -> None:
    sealed = entries[1].texts["text"]
    entries[1] = replace(entries[1], texts={"text": replace(sealed, text="START")})


def _salt(entries: list[Entry]) -> None:
    sealed = entries[1].texts["text"]
    entries[1] = replace(entries[1], texts={"text": replace(sealed, salt="0000")})


def _salt_removed(entries: list[Entry]) -> None:
    sealed = entries[1].texts["text"]
    entries[1] = replace(entries[1], texts={"text": replace(sealed, salt=None)})


def _unchained(entries: list[Entry]) -> None:
    entries.append(Entry(recorded_at=BEGAN + timedelta(seconds=1)))


def _unchained_without_time(entries: list[Entry]) -> None:
    entries.append(Entry())


def _unchained_fact(entries: list[Entry]) -> None:
    fact = Fact(kind=FactKind.LISTED, number=NUMBER, at=BEGAN - timedelta(days=1))
    entries.append(Entry(recorded_at=fact.at, fact=fact))


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (_swap, FindingKind.REPLACED),
        (_swap_with_content, FindingKind.REPLACED),
        (_insert, FindingKind.DUPLICATE),
        (_text, FindingKind.TEXT_CHANGED),
        (_salt, FindingKind.TEXT_CHANGED),
        (_salt_removed, FindingKind.TEXT_CHANGED),
        (_unchained, FindingKind.INSERTED),
        (_unchained_without_time, FindingKind.INSERTED),
        (_unchained_fact, FindingKind.INSERTED),
    ],
)
def test_each_tampering_is_found(tamper: Callable[[list[Entry]], None], found: FindingKind) -> None:
    """And described without a phone number."""
    entries, head = chain(4)
    tamper(entries)
    report = verify_chain(entries, head, [mark(head)])
    assert found in kinds(report)
    assert NUMBER not in " ".join(finding.text for finding in report.findings)


def test_a_removed_head_is_found_while_an_entry_or_a_consent_is_left() -> None:
    """The consents refer to the newest entry."""
    entries, head = chain(3)
    assert kinds(verify_chain(entries, None)) == {FindingKind.HEAD_MISSING}
    assert FindingKind.HEAD_MISSING in kinds(verify_chain([], None, [mark(head)]))


def test_a_head_that_was_set_back_with_the_newest_entries_is_found_by_the_consents() -> None:
    """Entries and head alone look like a shorter chain."""
    entries, head = chain(4)
    earlier = ChainHead(2, entries[1].digest or "", BEGAN)
    assert verify_chain(entries[:2], earlier).is_intact
    report = verify_chain(entries[:2], earlier, [mark(head)])
    assert kinds(report) == {FindingKind.MISSING, FindingKind.HEAD_CHANGED}
    assert kinds(verify_chain(entries, earlier)) == {FindingKind.HEAD_CHANGED}


def test_a_changed_start_hides_no_inserted_entry() -> None:
    """The first entry has the start, too."""
    entries, head = chain(2)
    entries.append(Entry(recorded_at=BEGAN + timedelta(minutes=5)))
    report = verify_chain(entries, replace(head, begun_at=BEGAN + timedelta(days=1)))
    assert kinds(report) == {FindingKind.HEAD_CHANGED, FindingKind.INSERTED}


def test_a_text_that_was_erased_with_its_salt_leaves_the_entry_intact() -> None:
    """``BodyRetentionDays``."""
    entries, head = chain(2)
    sealed = entries[0].texts["text"]
    entries[0] = replace(entries[0], texts={"text": SealedText(None, None, sealed.digest)})
    assert verify_chain(entries, head).is_intact


def test_entries_from_before_the_start_are_counted_as_unchained() -> None:
    """Their tampering cannot be found."""
    entries, head = chain(2)
    entries += [Entry(recorded_at=BEGAN - timedelta(days=days)) for days in (1, 2)]
    report = verify_chain(entries, head)
    assert report.is_intact
    assert report.unchained == 2


def test_entries_that_an_earlier_release_wrote_are_reported_as_such() -> None:
    """As many as that release wrote consents; more were inserted."""
    entries, head = chain(2)
    entries.append(Entry(recorded_at=BEGAN + timedelta(days=1)))
    report = verify_chain(entries, head, outside_writes=1)
    assert report.is_intact
    assert report.without_chain == 1
    entries.append(Entry(recorded_at=BEGAN + timedelta(days=2)))
    assert kinds(verify_chain(entries, head, outside_writes=1)) == {FindingKind.INSERTED}


def test_after_an_erasure_the_rest_is_intact() -> None:
    """The entry ERASED takes the place of those before it."""
    entries, _ = chain(3)
    erased = entry(4, entries[2].digest, FactKind.ERASED)
    later = entry(5, erased.digest)
    report = verify_chain([erased, later], ChainHead(5, later.digest or "", BEGAN), [ChainHead(3, "erased", None)])
    assert report.is_intact
    assert (report.entries, report.erased_at, report.left_over) == (2, erased.recorded_at, 0)
    interrupted = verify_chain([entries[1], erased, later], ChainHead(5, later.digest or "", BEGAN))
    assert (interrupted.is_intact, interrupted.left_over) == (True, 1)


def test_a_forged_erasure_hides_nothing() -> None:
    """Its digest would have to match, and the next entry refer to it."""
    entries, head = chain(3)
    forged = replace(entry(2, entries[0].digest, FactKind.ERASED), digest=entries[1].digest)
    assert not verify_chain([forged, entries[2]], head).is_intact
    assert not verify_chain([recomputed(forged), entries[2]], head).is_intact


def test_a_number_without_a_chain_is_intact() -> None:
    """Everything about it is older than the evidence chain."""
    report = verify_chain([Entry(recorded_at=BEGAN)], None)
    assert (report.is_intact, report.unchained) == (True, 1)


def test_the_encoding_is_the_documented_one() -> None:
    """Other tools must be able to recompute it, such as ``jq -cjS`` and ``sha256sum``."""
    content = {"sk": {"S": "FACT#1"}, "n": {"N": "1"}, "a": {"M": {"b": {"BOOL": True}}}, "t": {"S": "Größe 🙂\n"}}
    text = '{"a":{"M":{"b":{"BOOL":true}}},"n":{"N":"1"},"sk":{"S":"FACT#1"},"t":{"S":"Größe 🙂\\n"}}'
    assert digest_of_content(content) == sha256(text.encode()).hexdigest()
    assert digest_of_text("ab", "STOP") == sha256(b"abSTOP").hexdigest()
