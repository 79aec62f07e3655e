"""What the clauses of a text say in one language: its frames, tried on every word that can begin one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sms_consent.intent.actors import ALLOWED, Actors, Who
from sms_consent.intent.folding import Folded, Word
from sms_consent.intent.frames import Frame, compile_pattern, match
from sms_consent.intent.lexicon import Lexicon, Unit
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
        self._breakers = lexicon.bits["BREAK"]
        self._machine, self._laughter = lexicon.bits.get("MACHINE", 0), lexicon.bits.get("LAUGH", 0)
        self._name = lexicon.bits["NAME"]
        self._teasing = self._laughter | lexicon.bits.get("PLAY", 0)
        filler = lexicon.bits["FILL"]
        self._frames = [
            Frame(
                id=frame["id"],
                says=frame["says"],
                who=frame["who"],
                unless=lexicon.parts(frame["unless"]) if "unless" in frame else 0,
                soften=lexicon.parts(frame["soften"]) if "soften" in frame else 0,
                needs=lexicon.parts(frame["needs"]) if "needs" in frame else 0,
                vetoes=frozenset(frame.get("vetoes", ())),
                pattern=compile_pattern(pattern, lexicon.parts, filler),
            )
            for frame in lexicon.frames
            for pattern in frame["patterns"]
        ]
        self._by_parts: dict[int, list[Frame]] = {}

    def read(self, folded: Folded, clauses: Sequence[Sequence[Word]], *, laughing: bool) -> list[Found]:
        """Everything that the text asks for in this language."""
        rows = [self._named(folded, self._lexicon.units(clause)) for clause in clauses]
        whole = 0
        for units in rows:
            for unit in units:
                whole |= unit.parts
        found: list[tuple[Frame, Found]] = []
        for units in rows:
            mood = whole & self._teasing | (self._laughter if laughing else 0)
            found += self._clause(units, whole, mood)
        vetoed = {name for frame, _ in found for name in frame.vetoes}
        return [each for frame, each in found if frame.id not in vetoed and frame.says != Intent.NONE]

    def _named(self, folded: Folded, units: list[Unit]) -> list[Unit]:
        """Mark unknown words with a capital inside a clause: names, mostly."""
        for i, unit in enumerate(units):
            if i and not unit.parts and _is_name(folded.written(unit.start, unit.end)):
                units[i] = Unit(self._name, unit.text, unit.start, unit.end)
        return units

    def _clause(self, units: list[Unit], whole: int, mood: int) -> list[tuple[Frame, Found]]:
        clause = mood
        for unit in units:
            clause |= unit.parts
        if clause & self._machine:
            return []
        found: list[tuple[Frame, Found]] = []
        for at, unit in enumerate(units):
            if not unit.parts:
                continue
            for frame in self._starting(unit.parts):
                if clause & frame.unless or (frame.needs and not whole & frame.needs):
                    continue
                end = match(units, at, frame.pattern, self._breakers)
                if end is not None and self._stands(frame, units, at):
                    found.append((frame, self._found(frame, units, at, end, clause)))
        return found

    def _starting(self, parts: int) -> list[Frame]:
        frames = self._by_parts.get(parts)
        if frames is None:
            frames = self._by_parts[parts] = [frame for frame in self._frames if _may_start(frame, parts)]
        return frames

    def _stands(self, frame: Frame, units: list[Unit], at: int) -> bool:
        if frame.who == "none":
            return True
        if frame.who == "not wanted":
            return self._actors.before_refusal(units, at) is Who.ASKED
        if frame.who == "not":
            return self._actors.before_not(units, at) in ALLOWED["addressed"]
        return self._actors.before(units, at) in ALLOWED[frame.who]

    def _found(self, frame: Frame, units: list[Unit], at: int, end: int, clause: int) -> Found:
        intent = Intent.UNCLEAR if clause & frame.soften else Intent(frame.says)
        last = units[max(end, at + 1) - 1]
        rule = f"sentence:{self._lexicon.language}/{frame.id}"
        return Found(intent, rule, units[at].start, last.end, self._lexicon.language)


def _may_start(frame: Frame, parts: int) -> bool:
    for element in frame.pattern:
        if element.kind in ("start", "not"):
            continue
        if parts & element.parts:
            return True
        if element.kind not in ("perhaps", "many"):
            return False
    return False


def _is_name(written: str) -> bool:
    return written[:1].isupper() and written[1:].islower()
