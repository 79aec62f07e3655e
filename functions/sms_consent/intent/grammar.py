"""What the clauses of a text say in one language: its frames, tried on every word that can begin one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sms_consent.intent.actors import ALLOWED, Actors, Who
from sms_consent.intent.folding import Folded, Word
from sms_consent.intent.frames import Board, Element, Elements, Frame, Kind
from sms_consent.intent.lexicon import Lexicon, Row, Unit
from sms_consent.intent.reading import Intent

__all__ = ["Found", "Grammar"]


@dataclass(frozen=True, slots=True)
class Found:
    """A request, and the place in the folded text of the words that make it."""

    intent: Intent
    rule: str
    start: int
    end: int
    language: str | None


class Grammar:
    """One language's frames."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._actors = Actors(lexicon)
        bits = lexicon.bits
        self._breakers, self._name = bits["BREAK"], bits["NAME"]
        self._machine, self._laughter = bits.get("MACHINE", 0), bits.get("LAUGH", 0)
        self._teasing = self._laughter | bits.get("PLAY", 0)
        self._rare: dict[int, list[Frame]] = {}
        elements = Elements(lexicon.parts, bits["FILL"])
        for frame in lexicon.frames:
            for pattern in frame["patterns"]:
                made = self._made(frame, elements.pattern(pattern))
                self._rare.setdefault(min(made.required, key=lexicon.commonness), []).append(made)

    def _made(self, frame: Mapping[str, Any], pattern: tuple[Element, ...]) -> Frame:
        def parts(name: str) -> int:
            return self._lexicon.parts(frame[name]) if name in frame else 0

        return Frame(
            id=frame["id"],
            says=frame["says"],
            who=frame["who"],
            unless=parts("unless"),
            soften=parts("soften"),
            needs=parts("needs"),
            vetoes=frozenset(frame.get("vetoes", ())),
            pattern=pattern,
            required=tuple(element.parts for element in pattern if element.kind is Kind.ONE and not element.or_end),
        )

    def read(self, folded: Folded, clauses: Sequence[Sequence[Word]], *, laughing: bool) -> list[Found]:
        """Everything that the text asks for in this language."""
        rows = [self._named(folded, self._lexicon.row(clause)) for clause in clauses]
        boards = [Board(row, self._breakers) for row in rows]
        whole = 0
        for board in boards:
            whole |= board.parts
        mood = whole & self._teasing | (self._laughter if laughing else 0)
        found: list[tuple[Frame, Found]] = []
        for row, board in zip(rows, boards, strict=True):
            if not board.parts & self._machine:
                found += self._clause(row, board, whole, mood)
        vetoed = {name for frame, _ in found for name in frame.vetoes}
        return [each for frame, each in found if frame.id not in vetoed and frame.says != Intent.NONE]

    def _named(self, folded: Folded, row: Row) -> Row:
        """Mark unknown words with a capital inside a clause: names, mostly."""
        units = row.units
        for i, unit in enumerate(units):
            if i and not unit.parts and _is_name(folded.written(unit.start, unit.end)):
                units[i] = Unit(self._name, unit.text, unit.start, unit.end)
        return row

    def _clause(self, row: Row, board: Board, whole: int, mood: int) -> list[tuple[Frame, Found]]:
        clause = board.parts
        denied: int | None = None
        found: list[tuple[Frame, Found]] = []
        for rare, frames in self._rare.items():
            if not clause & rare:
                continue
            for frame in frames:
                for parts in frame.required:
                    if not clause & parts:
                        break
                else:
                    if denied is None:
                        denied = mood
                        for unit in row.merged(len(row.units)):
                            denied |= unit.parts
                    if denied & frame.unless or (frame.needs and not whole & frame.needs):
                        continue
                    for at, end in board.matches(frame.pattern):
                        if self._stands(frame, row, at):
                            found.append((frame, self._found(frame, row, at, end, denied)))
                            break
        return found

    def _stands(self, frame: Frame, row: Row, at: int) -> bool:
        if frame.who == "none":
            return True
        units = row.merged(at)
        negation = row.units[at].parts
        for _, unit in row.phrases.get(at, ()):
            negation |= unit.parts
        if frame.who == "not wanted":
            return self._actors.before_refusal(units) is Who.ASKED
        if frame.who == "not":
            return self._actors.before_not(units, negation) in ALLOWED["addressed"]
        return self._actors.before(units) in ALLOWED[frame.who]

    def _found(self, frame: Frame, row: Row, at: int, end: int, clause: int) -> Found:
        intent = Intent.UNCLEAR if clause & frame.soften else Intent(frame.says)
        first, last = row.units[at], row.units[max(end, at + 1) - 1]
        rule = f"sentence:{self._lexicon.language}/{frame.id}"
        return Found(intent, rule, first.start, last.end, self._lexicon.language)


def _is_name(written: str) -> bool:
    return written[:1].isupper() and written[1:].islower()
