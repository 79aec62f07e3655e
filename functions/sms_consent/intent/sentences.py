"""Whether a sentence asks for an end of texts: the request is found by its parts, clause by clause, language by language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sms_consent.intent.actors import ALLOWED, Actors, Who
from sms_consent.intent.folding import Folded, Word
from sms_consent.intent.frames import Frame, compile_pattern, match
from sms_consent.intent.lexicon import Lexicon, Unit, load_lexicons
from sms_consent.intent.reading import Intent

__all__ = ["Found", "Sentences", "clauses"]

_BREAKS = frozenset('.!?;:\n"(),')
_ORDER = (Intent.OPT_OUT, Intent.OPT_IN, Intent.UNCLEAR, Intent.HELP)


@dataclass(frozen=True, slots=True)
class Found:
    """What a tier found: the place of the words that decided, in the folded text."""

    intent: Intent
    rule: str
    start: int
    end: int
    language: str | None


def clauses(folded: Folded, words: Sequence[Word]) -> list[list[Word]]:
    """Split at the marks that end a thought; a full stop inside "stop.texting.me" does not."""
    found: list[list[Word]] = [[]]
    for i, word in enumerate(words):
        if i:
            between = folded.text[words[i - 1].end : word.start]
            if between not in (" ", ".") and (not _BREAKS.isdisjoint(between) or any(map(str.isalnum, between))):
                found.append([])
        found[-1].append(word)
    return found


class Grammar:
    """One language's frames."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._actors = Actors(lexicon)
        self._breakers = lexicon.bits["BREAK"]
        self._machine = lexicon.bits.get("MACHINE", 0)
        filler = lexicon.bits["FILL"]
        self._frames = [
            Frame(
                id=frame["id"],
                says=frame["says"],
                who=frame["who"],
                unless=lexicon.parts(frame["unless"]) if "unless" in frame else 0,
                soften=lexicon.parts(frame["soften"]) if "soften" in frame else 0,
                pattern=compile_pattern(pattern, lexicon.parts, filler),
            )
            for frame in lexicon.pack["frames"]
            for pattern in frame["patterns"]
        ]
        self._by_parts: dict[int, list[Frame]] = {}

    def read(self, words: list[Word]) -> list[Found]:
        """Everything that one clause says."""
        units = self.lexicon.units(words)
        clause = 0
        for unit in units:
            clause |= unit.parts
        if clause & self._machine:
            return []
        found: list[Found] = []
        for at, unit in enumerate(units):
            if not unit.parts:
                continue
            for frame in self._starting(unit.parts):
                if clause & frame.unless:
                    continue
                end = match(units, at, frame.pattern, self._breakers)
                if end is not None and self._stands(frame, units, at):
                    found.append(self._found(frame, units, at, end, clause))
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
        rule = f"sentence:{self.lexicon.language}/{frame.id}"
        return Found(intent, rule, units[at].start, last.end, self.lexicon.language)


def _may_start(frame: Frame, parts: int) -> bool:
    for element in frame.pattern:
        if element.kind in ("start", "not"):
            continue
        if parts & element.parts:
            return True
        if element.kind not in ("perhaps", "many"):
            return False
    return False


class Sentences:
    """All languages' grammars, and the choice of those that a text can be in."""

    def __init__(self) -> None:
        lexicons = load_lexicons()
        self._grammars = [Grammar(lexicon) for lexicon in lexicons]
        self._languages: dict[str, int] = {}
        for place, lexicon in enumerate(lexicons):
            inner = {word for first, each in lexicon.phrases.items() for rest, _ in each for word in (first, *rest)}
            for word in {*lexicon.words, *inner, *lexicon.pack.get("common", "").split()}:
                self._languages[word] = self._languages.get(word, 0) | 1 << place

    def read(self, folded: Folded, words: Sequence[Word]) -> Found | None:
        """What the text asks for, by its clearest clause; a clear request outweighs whatever else it says."""
        found: list[Found] = []
        grammars = self._spoken(words)
        for clause in clauses(folded, words):
            for grammar in grammars:
                found += grammar.read(clause)
        for intent in _ORDER:
            for each in found:
                if each.intent is intent:
                    return each
        return None

    def _spoken(self, words: Sequence[Word]) -> list[Grammar]:
        """The languages that know most of the words; two that know as many are both tried."""
        counts = [0] * len(self._grammars)
        for word in words:
            known = self._languages.get(word.text, 0)
            if known:
                for place in range(len(counts)):
                    if known >> place & 1:
                        counts[place] += 1
        most = max(counts)
        if not most:
            return []
        return [grammar for grammar, count in zip(self._grammars, counts, strict=True) if count * 3 >= most * 2]
