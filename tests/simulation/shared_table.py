"""Wide histories on DynamoDB: two releases on one table, items that cannot be read, and senders that change lists.

The judge is that of ``simulation.wide``, with two differences. A consent that was spoiled is judged only if its newest request
is an opt-out. If a sender changed lists, an opt-out by a text to it has to hold on its last list.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from io import StringIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

from simulation import history as h
from simulation.broken import Broken, Property
from simulation.inbound_queue import record_of
from simulation.on_dynamodb import AwsStage
from simulation.properties import evidence
from simulation.wide import (
    Freeze,
    Skew,
    StepOutage,
    WideHistory,
    WideWorld,
    judged_world,
    random_wide_history,
)
from simulation.witness import Key
from support.fake_clock import WaitingClock
from support.previous_release import previous

from sms_consent.adapters import clients
from sms_consent.adapters.dynamodb.codec import from_attributes, key_of
from sms_consent.adapters.dynamodb.consent_queries import DynamoConsentQueries
from sms_consent.adapters.dynamodb.consent_scan import DynamoConsentScan
from sms_consent.adapters.dynamodb.current_consents import CurrentConsents
from sms_consent.adapters.dynamodb.items import LIST, consent_from
from sms_consent.adapters.dynamodb.known_lists import CachedLists, ListStore
from sms_consent.adapters.dynamodb.list_copies import ListCopies
from sms_consent.adapters.dynamodb.sender_store import SenderStore
from sms_consent.domain.consent import Consent, Status
from sms_consent.domain.decision import Asked
from sms_consent.domain.list_names import ListNames
from sms_consent.domain.ports import Sender
from sms_consent.recording.list_copy import RECHECK_AFTER, ListCopier
from sms_consent_cli.shared.deployment import Deployment
from sms_consent_cli.shared.list_copying import Choice, ListCopying, Move

__all__ = [
    "ADDED",
    "SPOILED",
    "MoveSender",
    "PreviousInbound",
    "PreviousSweep",
    "Spoil",
    "TableWorld",
    "random_wide_history_on_dynamodb",
    "run_on_dynamodb",
]

ADDED: dict[str, dict[str, Any]] = {
    "text": {"newer": {"S": "added"}},
    "nested": {"newer": {"M": {"inner": {"L": [{"N": "1"}, {"BOOL": False}]}}}},
    "set": {"newer": {"SS": ["a", "b"]}},
}
"""What a newer release might add to a consent."""

SPOILED: dict[str, dict[str, Any]] = {
    "status": {"status": {"S": "OPTED_OUT_PARTLY"}},
    "no status": {"status": None},
    "drift": {"drift": {"S": "SOMETHING_NEW"}},
    "author": {"decided_author": {"S": "CARRIER"}},
    "attempts": {"attempts": {"S": "1"}},
    "version": {"version": {"S": "one"}},
    "applied version": {"applied_version": {"N": "0.5"}},
    "revision": {"revision": {"S": "first"}},
    "no revision": {"revision": None},
    "time": {"decided_at": {"S": "yesterday"}},
    "no time": {"decided_at": None},
    "lease": {"lease_until": {"N": "17"}},
    "recent replies": {"recent_replies": {"S": "none"}},
    "listing": {"listing": {"S": "on the list"}},
    "answer": {"answer": {"L": []}},
    "outbox": {"outbox": {"M": {"newer": {"S": "form"}}}},
}
"""Attributes of a consent in a form that this release does not know; None: the attribute is missing."""


@dataclass(frozen=True, slots=True)
class PreviousInbound:
    """A worker of the previous release handles these visible messages at once."""

    picks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PreviousSweep:
    """The previous release sweeps at once."""


@dataclass(frozen=True, slots=True)
class Spoil:
    """Attributes of a stored consent change, or are added (``ADDED``)."""

    person: int
    list: int
    what: str


@dataclass(frozen=True, slots=True)
class MoveSender:
    """An operator gives a sender another list, with ``--copy``. Texts are delivered in the meantime."""

    line: int
    list: int
    meanwhile: tuple[int, ...] = (0, 1, 2)


@cache
def _folder() -> TemporaryDirectory[str]:
    """Return a folder for the previous release's code, which is deleted when the process ends."""
    return TemporaryDirectory(prefix="previous-release-")


def _previous(module: str) -> Any:
    return previous(module, Path(_folder().name))


class TableWorld(WideWorld):
    """A wide world on DynamoDB."""

    def __init__(self, history: WideHistory, *, stage: AwsStage, **options: Any) -> None:
        super().__init__(history, stage=stage, **options)
        self._table: str = self.ledger._table
        self._older: dict[bool, Any] = {}
        self.spoiled: set[Key] = set()
        self.added: dict[Key, Any] = {}
        self.list_of = dict(h.LINES)
        self.moved = False

    # --- what happens

    def _take(self, step: Any) -> None:
        match step:
            case PreviousInbound(picks):
                self._previous_inbound(picks)
            case PreviousSweep():
                self._previous_sweep()
            case Spoil(person, list_, what):
                self._spoil((h.PEOPLE[person], h.LISTS[list_]), what)
            case MoveSender(line, list_, meanwhile):
                self._move(list(h.LINES)[line], h.LISTS[list_], meanwhile)
            case _:
                super()._take(step)
                return
        self.log.append(f"{self.elapsed:>12.3f} {step}")
        self._publish()
        self._start_requests()

    def standing(self) -> list[Any]:
        """Every consent in the table: another release, or a copy between lists, may have written it."""
        client = clients.dynamodb()
        stored = client.scan(
            TableName=self._table,
            FilterExpression="begins_with(sk, :list)",
            ExpressionAttributeValues={":list": {"S": LIST}},
        )
        return [consent_from(from_attributes(item)) for item in stored["Items"]]

    # --- the previous release

    def _previous_release(self, *, paced: bool) -> Any:
        if paced not in self._older:
            settings = _previous("settings").Settings.from_environment(
                {
                    "LEDGER_TABLE": self._table,
                    "OPT_OUT_LIST": h.OWN_LIST,
                    "BRAND": "Example",
                    "SUPPORT_CONTACT": "help.example.com",
                }
            )
            self._older[paced] = _previous("aws.assembly").assemble(
                settings,
                paced=paced,
                clock=WaitingClock(self.clock.now, self._pass),
                dynamodb=clients.dynamodb(),
                sms_voice=clients.sms_voice(),
            )
        return self._older[paced]

    def _has_outage(self) -> bool:
        return any(self.clock.now() < until for _, _, until in self._step_outages)

    def _previous_inbound(self, picks: tuple[int, ...]) -> None:
        visible = self.queue.visible(self.clock.now())
        if not visible or self._has_outage():
            return
        copies = list({id(copy): copy for copy in (visible[pick % len(visible)] for pick in picks)}.values())
        self.queue.hand_out(copies, self.clock.now())
        module = _previous("text")
        texts = []
        for copy in copies:
            record = record_of(copy)
            texts.append((module.read_queued(record["body"], record["attributes"]["SentTimestamp"]), copy))
        inbound = self._previous_release(paced=False).inbound()
        failed = set()
        for text, copy in sorted(texts, key=lambda each: each[0].at):
            try:
                inbound.hear(text)
            except Exception as error:  # noqa: BLE001  the record is delivered again, as its batch does it
                self.log.append(f"{self.elapsed:>12.3f}   the previous release fails: {type(error).__name__}")
                failed.add(copy.receipt)
        self.queue.settle(copies, failed)

    def _previous_sweep(self) -> None:
        if self._has_outage():
            return
        try:
            self._previous_release(paced=True).sweep().run(self.clock.now() + timedelta(seconds=60))
        except Exception as error:  # noqa: BLE001  its schedule starts it again
            self.log.append(f"{self.elapsed:>12.3f}   the previous release's sweep fails: {type(error).__name__}")

    # --- items that cannot be read

    def _spoil(self, key: Key, what: str) -> None:
        item = self._item(key)
        if item is None:
            standing = self.standing()
            if not standing:
                return
            key = standing[0].number, standing[0].list_name
            item = self._item(key)
        assert item is not None
        changes = ADDED.get(what) or SPOILED[what]
        if what in ADDED and "N" in item.get("revision", {}):
            # A release writes a whole item, over the revision that it read.
            changes = changes | {"revision": {"N": str(int(item["revision"]["N"]) + 1)}}
        changed = {name: value for name, value in (item | changes).items() if value is not None}
        clients.dynamodb().put_item(TableName=self._table, Item=changed)
        if what in SPOILED:
            self.spoiled.add(key)
        else:
            self.added[key] = ADDED[what]["newer"]

    def _item(self, key: Key) -> dict[str, Any] | None:
        found = clients.dynamodb().get_item(
            TableName=self._table, Key=key_of(Consent, number=key[0], list_name=key[1]), ConsistentRead=True
        )
        return dict(found["Item"]) if "Item" in found else None

    # --- senders that change lists

    def _move(self, line: str, target: str, meanwhile: tuple[int, ...]) -> None:
        source = self.list_of[line]
        if source == target:
            return
        self.moved = True
        # A text that is delivered again afterwards counts for the new list, and is confirmed for that too.
        self.witness.asks_for_help = frozenset(f"text-{index}" for index in range(len(self.wide.texts)))

        def sleep(wait: timedelta) -> None:
            """Texts arrive while the command waits, and functions that know the old list record them."""
            part = wait / (len(meanwhile) + 1)
            for pick in meanwhile:
                self._pass(part)
                self._publish()
                self._start_requests()
                self._deliver((pick,), at_once=True)
            self._pass(part)

        deployment = SimpleNamespace(table=self._table, names=ListNames(), dynamodb=clients.dynamodb)
        book = SenderStore(clients.dynamodb(), self._table)
        carrying = ListCopying(cast("Deployment", deployment), book, WaitingClock(self.clock.now, sleep))
        with redirect_stderr(StringIO()):
            carrying.begin({Move(source, target)}, Choice.CARRY)
            book.write(Sender(identity=line, list_name=target))
            self.list_of[line] = target
            carrying.finish({target})
        for person in h.PEOPLE:
            before, after = self.ledger.consent(person, source), self.ledger.consent(person, target)
            if before is None or before.status is not Status.OPTED_OUT:
                continue
            if after is None or (after.status is not Status.OPTED_OUT and after.decided_at <= before.decided_at):
                raise Broken(Property.AGREEMENT, "an opt-out was not carried to the sender's new list")

    def _drain(self) -> None:
        """A frozen worker may have recorded for a sender's old list: a day later that is copied, and put."""
        super()._drain()
        if not self.moved:
            return
        self._pass(RECHECK_AFTER)
        scan = DynamoConsentScan(clients.dynamodb(), self._table)
        ListCopies(
            own_list=h.OWN_LIST,
            list_store=ListStore(clients.dynamodb(), self._table),
            copier=ListCopier(ledger=self.ledger, scan=scan, clock=self.clock, actor="reconcile"),
            ledger=self.ledger,
            clock=self.clock,
            new_token=lambda: "recheck",
        ).run(self.clock.now() + timedelta(minutes=10))
        super()._drain()

    # --- the judge

    def _checked(self, person: str, line: str) -> Consent | None:
        """Return what ``check`` reports for a person and a sender."""
        register = DynamoConsentQueries(clients.dynamodb(), self._table)
        lists = CachedLists(clients.dynamodb(), self._table, self.clock)
        return CurrentConsents(register, lists).of(line, self.list_of[line])(person)

    def _check_reports(self, text_id: str) -> None:
        event = self.events.get(text_id)
        if event is None or event.asked is not Asked.OPT_OUT or event.line is None:
            return
        person = event.key[0]
        keys = {(person, name) for name in h.LISTS} if self.moved else {event.key}
        opt_ins = [each for each in self.events.values() if each.key in keys and each.asked is Asked.OPT_IN]
        if any(each.latest > event.at for each in opt_ins):
            return
        consent = self._checked(person, event.line)
        if consent is None or consent.status is not Status.OPTED_OUT:
            raise Broken(Property.AGREEMENT, f"{text_id} was processed, and check does not report it")

    def judge_evidence(self) -> None:
        """Raise Broken unless every evidence chain is intact, apart from what the previous release wrote."""
        evidence(self.ledger, {event.key for event in self.events.values()}, complete=False)

    def judge_consents(self) -> None:
        """Like that of a wide world; after a change of lists, for each person and sender."""
        for key, value in self.added.items():
            if (self._item(key) or {}).get("newer") != value:
                raise Broken(Property.AGREEMENT, "an attribute that a newer release added is gone")
        if not self.moved:
            super().judge_consents()
            return
        for person in h.PEOPLE:
            of_person = [each for each in self.events.values() if each.key[0] == person]
            opt_ins = [each.latest for each in of_person if each.asked is Asked.OPT_IN]
            for line, list_name in self.list_of.items():
                opt_outs = [each.at for each in of_person if each.asked is Asked.OPT_OUT and each.line == line]
                if opt_outs and max(opt_outs) > max(opt_ins, default=datetime.min.replace(tzinfo=opt_outs[0].tzinfo)):
                    self._judge_opted_out((person, list_name))
            if not any(each.asked is Asked.OPT_OUT for each in of_person):
                for list_name in h.LISTS:
                    if self.service.is_listed(person, list_name):
                        raise Broken(Property.AGREEMENT, "somebody is on a list who never asked for it")

    def judge_consent(self, key: Key) -> None:
        """Like that of a wide world; of a spoiled consent only an opt-out has to hold."""
        if key not in self.spoiled:
            super().judge_consent(key)
            return
        newest = self.newest(key)
        if newest is not None and newest.asked is Asked.OPT_OUT:
            self._judge_opted_out(key)

    def _judge_opted_out(self, key: Key) -> None:
        consent = self.ledger.consent(*key)
        if consent is None or consent.status is not Status.OPTED_OUT:
            raise Broken(
                Property.AGREEMENT, f"the newest request is an opt-out, the ledger has {consent and consent.status}"
            )
        if not self._is_rejected(key[0]) and not self.service.is_listed(*key):
            raise Broken(Property.AGREEMENT, "the newest request is an opt-out, and the number is not on the list")


# --- which histories

PICKS = ((0,), (0, 1), (0, 1, 2), (2, 0), (1,))
LONG = 12.2 * 86_400
OUTAGES = (h.Ending.THROTTLED, h.Ending.UNREACHED, h.Ending.LOST_BEFORE, h.Ending.DIED_BEFORE, h.Ending.DIED_AFTER)


def random_wide_history_on_dynamodb(random: Random) -> WideHistory:
    """Return a small history for DynamoDB: of two releases, of spoiled items, of moved senders, or of a late recovery."""
    history = random_wide_history(random)
    kind = random.random()
    if kind < 0.3:
        return _two_releases(random, history)
    if kind < 0.6:
        return _spoiling(random, history)
    if kind < 0.85:
        return _moving(random, history)
    return _late(random, history)


def _with(random: Random, history: WideHistory, draw: Callable[[], Any], least: int, most: int) -> WideHistory:
    """Return the history with further steps anywhere."""
    steps = list(history.steps)
    for _ in range(random.randint(least, most)):
        steps.insert(random.randint(len(steps) // 3, len(steps)), draw())
    return replace(history, steps=tuple(steps))


def _two_releases(random: Random, history: WideHistory) -> WideHistory:
    """Without what the previous release does not know: copies with later times, agents' wrong clocks, rejected numbers."""
    history = replace(
        history,
        texts=tuple(replace(each, again_after=()) for each in history.texts),
        requests=tuple(replace(each, skew=0.0) for each in history.requests),
        rejected=frozenset(),
    )

    def older() -> Any:
        return PreviousInbound(random.choice(PICKS)) if random.random() < 0.6 else PreviousSweep()

    if (
        random.random() < 0.5
    ):  # this release is in the middle of one text when the previous one is given the person's next
        one, other = random.sample((h.Ask.STOP, h.Ask.START), 2)
        first = replace(history.texts[0], ask=one, at=0.0)
        second = replace(first, ask=other, at=1.0)
        begun = (h.Deliver((0,)), h.Proceed(0, random.randint(0, 6)), h.Wait(1.0), PreviousInbound((0,)))
        steps = (*begun, h.Proceed(0, random.randint(1, 40)), *history.steps)
        history = replace(history, texts=(first, second, *history.texts[1:]), steps=steps)
    return _with(random, history, older, 2, 8)


def _spoiling(random: Random, history: WideHistory) -> WideHistory:
    """In half of them the first text is being processed when its consent is spoiled, or has just been processed."""

    def spoil() -> Spoil:
        what = random.choice(tuple(random.choice((SPOILED, SPOILED, ADDED))))
        return Spoil(random.randrange(3), random.choice((0, 0, 1)), what)

    if random.random() < 0.5:
        first = replace(history.texts[0], at=0.0)
        begun = (h.Deliver((0,)), h.Proceed(0, random.randint(2, 14), random.choice((None, *OUTAGES))), spoil())
        history = replace(history, texts=(first, *history.texts[1:]), steps=(*begun, *history.steps))
    return _with(random, history, spoil, 1, 3)


def _moving(random: Random, history: WideHistory) -> WideHistory:
    """Without wrong clocks: functions run on AWS's."""
    history = replace(
        history,
        texts=tuple(replace(each, line=random.choice((0, 0, 1, 2))) for each in history.texts),
        steps=tuple(each for each in history.steps if not isinstance(each, Skew)),
    )

    def move() -> MoveSender:
        meanwhile = tuple(random.randrange(4) for _ in range(random.randint(0, 4)))
        return MoveSender(random.choice((0, 0, 2)), random.choice((0, 1, 1)), meanwhile)

    if random.random() < 0.6:
        return _moving_in_time(random, history)
    return _with(random, history, move, 1, 3)


def _moving_in_time(random: Random, history: WideHistory) -> WideHistory:
    """Functions have just looked a sender up when it gets another list, and texts to it arrive in the next minute."""
    line = random.choice((0, 2))
    other = 1 if line == 0 else 0
    first = replace(history.texts[0], line=line, at=0.0, again_after=())
    later = [
        replace(first, person=random.choice((0, 0, 1)), ask=random.choice((h.Ask.STOP, h.Ask.STOP, h.Ask.START)), at=at)
        for at in random.sample((1.0, 2.0, 5.0, 20.0, 30.0, 45.0, 61.0, 70.0), random.randint(1, 4))
    ]
    if random.random() < 0.3:  # a worker stands still between its look-up of the sender and its write
        moved = (Freeze(0, 31.0), MoveSender(line, other, (0,) * random.randrange(3)), Freeze(0, 31.0))
        frozen = (h.Deliver((0,)), h.Proceed(0, random.randint(1, 2)), *moved, *history.steps[:5])
        return replace(history, texts=(replace(first, ask=h.Ask.STOP), *later), steps=frozen)
    steps: list[Any] = [h.Deliver((0,)), h.Proceed(0, 40)]
    if random.random() < 0.3:
        steps += [h.Wait(1.0), h.Deliver((0,)), h.Proceed(0, random.randrange(4))]
    steps += [MoveSender(line, other, (0,) * random.randint(1, 5))]
    for _ in range(random.randint(1, 4)):
        steps += [h.Wait(random.choice((1.0, 10.0, 25.0))), h.Deliver((0, 1)), h.Proceed(random.randrange(2), 40)]
    if random.random() < 0.4:
        steps += [MoveSender(line, 1 - other, (0, 0)), *history.steps[:10]]
    return replace(history, texts=(first, *later), steps=tuple(steps))


def _late(random: Random, history: WideHistory) -> WideHistory:
    """A step fails for twelve days, so that messages are put aside; an operator puts them back."""
    ending = random.choice((h.Ending.UNREACHED, h.Ending.LOST_BEFORE, h.Ending.REJECTED))
    what = random.choice(("ledger", "save", "read", "sender"))
    late = (
        StepOutage(what, ending, LONG + 600.0),
        h.Wait(LONG),
        h.Deliver((0, 1, 2)),
        h.Proceed(0, 60),
        h.Proceed(1, 60),
    )
    return replace(history, steps=(*history.steps[:10], *late, *history.steps[10:20]))


def run_on_dynamodb(history: WideHistory, stage: AwsStage) -> TableWorld:
    """Run a history and judge it. Raises Broken."""
    return judged_world(TableWorld(history, stage=stage))
