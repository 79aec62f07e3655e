"""Message logs of other providers. The deployment's rules classify each person's texts as if they had just arrived."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sms_consent.domain.decision import LONGEST_MATCHED, Asked, Author, Decision
from sms_consent.domain.phone_number import mask
from sms_consent.domain.time import as_text
from sms_consent.inbound.processor import Action, asked_by
from sms_consent.intent import Intent, Tier
from sms_consent.intent.classifier import Classifier
from sms_consent_cli.commands.import_.columns import Column
from sms_consent_cli.commands.import_.heading import heading_key
from sms_consent_cli.commands.import_.line_reader import LineOutcome, Requested
from sms_consent_cli.commands.import_.message_columns import INBOUND, OUTBOUND
from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.row import ColumnSettings, InvalidRow
from sms_consent_cli.shared.delimited_file import BrokenLine, DelimitedRecord, unescape_cell
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["MessageLines", "MessageSurvey"]

IMPORT = "import"
LONGEST_TEXT = 1600
SAMPLES, MOST_REASONS = 3, 30
_OTHER_CHANNELS = ("whatsapp:", "messenger:", "rcs:", "instagram:")
"""How Twilio writes addresses of other channels (twilio.com/docs/messaging/channels)."""
_WITHOUT = {Asked.HELP: LineOutcome.HELP, Asked.UNCLEAR: LineOutcome.UNCLEAR}


class MessageLines:
    """Reads the lines of a message log."""

    def __init__(
        self,
        settings: ColumnSettings,
        classifier: Classifier,
        actions: Mapping[Tier, Action],
        *,
        all_inbound: bool,
        keep_texts: timedelta | None,
    ) -> None:
        """Create the reader. Raises UsageError if neither a column nor an option says which texts people sent.

        Args:
            settings: How numbers, times and lists are read.
            classifier: The deployment's rules.
            actions: The deployment's action for each tier.
            all_inbound: Whether people sent every text of the log.
            keep_texts: For how long the deployment stores texts; None: for ever.
        """
        if Column.DIRECTION not in settings.columns.places and not all_inbound:
            raise UsageError(
                "no column says which texts people sent and which the company sent: name it with --direction-column, or "
                "give --all-inbound if people sent every text of this log"
            )
        if Column.DIRECTION in settings.columns.places and all_inbound:
            raise UsageError(
                f"--all-inbound: the log has a column for directions, "
                f"{settings.columns.shown(settings.columns.places[Column.DIRECTION])}, which is read"
            )
        self._settings = settings
        self._classifier = classifier
        self._actions = actions
        self._keep_texts = keep_texts

    def read(self, found: DelimitedRecord, place: str) -> Requested | LineOutcome:
        """Return the request of a text, or the outcome of one that requests nothing. Raises InvalidRow."""
        columns, cells = self._settings.columns, found.cells
        direction = columns.cell(cells, Column.DIRECTION)
        if direction is not None and not self._is_inbound(direction):
            return LineOutcome.OUTBOUND
        text = unescape_cell(columns.cell(cells, Column.TEXT) or "")
        result = self._classifier.classify(text, None)
        if result.intent is Intent.NONE:
            return LineOutcome.SKIPPED
        asked = asked_by(result, self._actions)
        if asked in _WITHOUT:
            return _WITHOUT[asked]
        sender = (columns.cell(cells, Column.NUMBER) or "").strip()
        if sender.casefold().startswith(_OTHER_CHANNELS):
            return LineOutcome.SKIPPED
        number = self._number(sender, columns.cell(cells, Column.COUNTRY))
        at, list_name = self._at(cells, asked), self._list(cells)
        facts = "\n".join((list_name, number, asked, as_text(at), text))
        source = (columns.cell(cells, Column.SOURCE) or "").strip() or self._settings.source
        decision = Decision(
            id=f"import-{hashlib.sha256(facts.encode('utf-8', 'replace')).hexdigest()[:32]}",
            number=number, asked=asked, at=at, author=Author.END_USER, through=self._texted(cells),
            tier=result.tier.value if result.tier is not None else None, rule=result.rule,
            matched=result.matched[:LONGEST_MATCHED], language=result.language, rules_version=result.rules_version,
            body=text[:LONGEST_TEXT] if self._is_kept(at) else None, actor=source[:200] if source else None,
            reference=place, list_name=list_name, only_if_opted_out=True if result.everyday else None,
        )  # fmt: skip
        return Requested(decision, list_name)

    def _is_inbound(self, direction: str) -> bool:
        word = heading_key(direction)
        if word in INBOUND:
            return True
        if word in OUTBOUND:
            return False
        raise InvalidRow("its direction is not a known one, such as inbound or outbound")

    def _number(self, cell: str, country: str | None) -> str:
        try:
            return self._settings.number_form.read(cell, country)
        except ValueError as error:
            raise InvalidRow(str(error)) from None

    def _at(self, cells: list[str], asked: Asked) -> datetime:
        cell = (self._settings.columns.cell(cells, Column.TIME) or "").strip()
        if not cell:
            raise InvalidRow("it has no time, and texts count in the order of their times")
        try:
            return self._settings.times.read(cell).moment(asked, self._settings.now)
        except ValueError as error:
            raise InvalidRow(str(error)) from None

    def _list(self, cells: list[str]) -> str:
        cell = (self._settings.columns.cell(cells, Column.LIST) or "").strip()
        try:
            return self._settings.list_name(cell) if cell else self._settings.own_list
        except UsageError as error:
            raise InvalidRow(str(error)) from None

    def _texted(self, cells: list[str]) -> str:
        """Return the company's number that the person texted; the name of the channel if it is not readable."""
        cell = (self._settings.columns.cell(cells, Column.TEXTED) or "").strip()
        try:
            return self._settings.number_form.read(cell) if cell else IMPORT
        except ValueError:
            return IMPORT

    def _is_kept(self, at: datetime) -> bool:
        return self._keep_texts is None or self._settings.now - at < self._keep_texts


@dataclass(slots=True)
class MessageSurvey:
    """The survey of a message log: what an import would do. Reads the log once, in bounded memory, and shows no text."""

    file: NumberFile
    reader: MessageLines
    lines: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    def run(self) -> Iterator[int]:
        """Read the log, and yield the number of each line. Raises UsageError if it cannot be read to its end."""
        for found in self.file.rows():
            self.lines += 1
            yield found.line
            if isinstance(found, BrokenLine):
                self._reject(found.reason)
                continue
            try:
                read = self.reader.read(found, "")
            except InvalidRow as error:
                self._reject(str(error))
                continue
            if isinstance(read, LineOutcome):
                self.outcomes[read.value] += 1
                continue
            decision = read.decision
            what = "opted out" if decision.asked is Asked.OPT_OUT else "opted in"
            self.outcomes[what] += 1
            if len(self.samples) < SAMPLES:
                self.samples.append(
                    f"line {found.line}: {mask(decision.number)} {what} by rule {decision.rule}, "
                    f"{decision.at:%Y-%m-%d %H:%M:%S} UTC"
                )

    def _reject(self, reason: str) -> None:
        self.rejected[
            reason if reason in self.rejected or len(self.rejected) < MOST_REASONS else "another problem"
        ] += 1

    def refusal(self) -> str | None:
        """Return None: a message log needs no further option."""
        return None

    def mapping(self) -> str:
        """Return how the log is read and what would be imported."""
        columns = self.file.columns
        read = "; ".join(
            f"{_WHAT.get(column, column.value)} {columns.shown(at)}" for column, at in columns.places.items()
        )
        counts = [(self.outcomes[name], words) for name, words in _COUNTED.items()]
        counts.append((self.rejected.total(), "rejected"))
        shown = "; ".join(f"{count:,} {words}" for count, words in counts if count) or "nothing to import"
        return "\n".join([f"message log: {read}", f"{self.lines:,} lines: {shown}", *self.samples])

    def view(self) -> dict[str, Any]:
        """Return the survey for JSON."""
        return {
            "lines": self.lines,
            "optOuts": self.outcomes["opted out"],
            "optIns": self.outcomes["opted in"],
            **{name.value: self.outcomes[name.value] for name in _WITHOUT.values()},
            "noRequest": self.outcomes[LineOutcome.SKIPPED.value],
            "outbound": self.outcomes[LineOutcome.OUTBOUND.value],
            "rejected": dict(self.rejected),
        }


_WHAT = {Column.NUMBER: "texted by", Column.TEXTED: "texted to"}
_COUNTED = {
    "opted out": "ask for an opt-out",
    "opted in": "ask for an opt-in",
    LineOutcome.HELP.value: "ask for help",
    LineOutcome.UNCLEAR.value: "unclear, so they change nothing",
    LineOutcome.SKIPPED.value: "ask for nothing",
    LineOutcome.OUTBOUND.value: "sent by the company",
}
