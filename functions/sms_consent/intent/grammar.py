"""The pattern language of requests, and the patterns that the clauses of a text match in one language.

A pattern is a sequence of elements. An element is a part, or alternatives joined by ``|``; ``X?`` is optional; ``X*`` matches up
to eight; ``..3`` up to three words that do not begin a new thought; ``!X`` a position at which no X follows; ``<`` and ``>`` the
start and end of the clause, ignoring filler words. ``w:back`` is a literal word. ``>`` among alternatives also matches the end.

For each part, a clause has a bit set of the positions at which it occurs. Matching shifts and combines these bit sets, without
backtracking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from sms_consent.intent.lexicon import ALLOWED, Agency, Lexicon, Row, Unit, Who
from sms_consent.intent.linear_model import FeatureFinder, Weights
from sms_consent.intent.normalisation import Folded, Word
from sms_consent.intent.result import Found, Intent

__all__ = ["ClauseBits", "Element", "Elements", "Grammar", "Kind", "Pattern", "Request"]

_MOST = 8


class Kind(IntEnum):
    """What an element matches: one unit, optional units, any units, or a position that meets a condition."""

    ONE = 0
    MANY = 1
    GAP = 2
    NOT = 3
    START = 4
    END = 5


_ONE, _MANY, _GAP, _NOT, _END = Kind.ONE, Kind.MANY, Kind.GAP, Kind.NOT, Kind.END


class Element(NamedTuple):
    """One element of a pattern."""

    kind: Kind
    parts: int
    most: int
    or_end: bool


class Pattern(NamedTuple):
    """A parsed pattern, and the parts with which a match can begin; 0 for any word."""

    elements: tuple[Element, ...]
    begins: int


class Request(NamedTuple):
    """One pattern of a request, and its conditions.

    ``who`` must be acting. Parts in ``unless`` rule the request out, parts in ``soften`` make it UNCLEAR, parts in ``needs`` must
    occur anywhere in the text. ``vetoes`` names requests that do not count beside this one.
    """

    id: str
    rule: str
    says: str
    who: str
    unless: int
    soften: int
    needs: int
    vetoes: frozenset[str]
    pattern: Pattern
    required: tuple[int, ...]  # parts without which it cannot match, except those by which it is looked up


class Elements:
    """Parses patterns. An element that occurs in many patterns is parsed once."""

    def __init__(self, bits: Mapping[str, int]) -> None:
        """``bits`` has the bit of each part by name (``Lexicon.bits``)."""
        self._bits = bits
        filler = bits["FILL"]
        self._known = {
            "<": Element(Kind.START, filler, 0, or_end=False),
            ">": Element(Kind.END, filler, 0, or_end=False),
        }

    def pattern(self, text: str) -> Pattern:
        """Return a parsed pattern."""
        elements = tuple(self._known.get(token) or self._parse(token) for token in text.split())
        first = next(each for each in elements if each.kind not in (Kind.START, Kind.NOT))
        return Pattern(elements, first.parts if first.kind is Kind.ONE else 0)

    def parts(self, names: str) -> int:
        """Return the bits of part names that are joined by ``|``."""
        total = 0
        for name in names.split("|"):
            total |= self._bits[name]
        return total

    def _parse(self, token: str) -> Element:
        if token.startswith(".."):
            element = Element(Kind.GAP, 0, int(token[2:]), or_end=False)
        else:
            kind, most, names = Kind.ONE, 1, token
            if token[0] == "!":
                kind, names = Kind.NOT, token[1:]
            elif token[-1] in "?*":
                kind, most, names = Kind.MANY, _MOST if token[-1] == "*" else 1, token[:-1]
            or_end = names.endswith("|>")
            element = Element(kind, self.parts(names.removesuffix("|>")), most, or_end)
        self._known[token] = element
        return element


class ClauseBits:
    """A clause as bit sets: for each part and unit length, the positions of the units that have the part."""

    def __init__(self, row: Row, breakers: int) -> None:
        self._all = (1 << len(row.units)) - 1
        self._units = {1: [(1 << place, unit.parts) for place, unit in enumerate(row.units) if unit.parts]}
        for place, phrases in row.phrases.items():
            for length, unit in phrases:
                self._units.setdefault(length, []).append((1 << place, unit.parts))
        self.parts = 0
        for units in self._units.values():
            for _, parts in units:
                self.parts |= parts
        self._known: dict[int, list[tuple[int, int]]] = {}
        self._unbroken = self._all & ~self._row(1, breakers)

    def _row(self, length: int, parts: int) -> int:
        row = 0
        for place, unit_parts in self._units[length]:
            if unit_parts & parts:
                row |= place
        return row

    def rows(self, parts: int) -> list[tuple[int, int]]:
        """Return, for each unit length, the positions of the units that have any of these parts."""
        known = self._known.get(parts)
        if known is None:
            rows = [(length, self._row(length, parts)) for length in self._units]
            known = self._known[parts] = [(length, row) for length, row in rows if row]
        return known

    def _after(self, places: int, parts: int) -> int:
        """Return the positions after one unit that has any of these parts."""
        after = 0
        for length, row in self.rows(parts):
            after |= (places & row) << length
        return after

    def _starts(self, parts: int) -> int:
        starts = 0
        for _, row in self.rows(parts):
            starts |= row
        return starts

    def matches(self, pattern: Pattern) -> Iterator[tuple[int, int]]:
        """Yield the start and end of each match of a pattern; from each start the shortest."""
        starts = self._starts(pattern.begins) if pattern.begins else self._all
        if starts & starts - 1 and not self._ends(starts, pattern.elements):
            return  # no match from any of several starts
        while starts:
            start = starts & -starts
            if ends := self._ends(start, pattern.elements):
                yield start.bit_length() - 1, (ends & -ends).bit_length() - 1
            starts ^= start

    def _ends(self, places: int, elements: tuple[Element, ...]) -> int:
        """Return all positions at which the pattern may end if it starts at any of ``places``."""
        for kind, parts, most, or_end in elements:
            if kind is _ONE:
                places = self._after(places, parts) | (places & self._all + 1 if or_end else 0)
            elif kind is _MANY:
                places = self._repeated(places, parts, most)
            elif kind is _GAP:
                places = self._with_gap(places, most)
            elif kind is _NOT:
                places &= ~self._starts(parts)
            elif kind is _END:
                places &= self._before_end(parts)
            else:
                places &= self._repeated(1, parts, _MOST)  # words that ask for nothing, from the start
            if not places:
                return 0
        return places

    def _repeated(self, places: int, parts: int, most: int) -> int:
        """Return these positions, and those after up to ``most`` units that have any of these parts."""
        new = places
        for _ in range(most if self.rows(parts) else 0):
            new = self._after(new, parts) & ~places
            if not new:
                break
            places |= new
        return places

    def _with_gap(self, places: int, most: int) -> int:
        """Return these positions, and those after up to ``most`` words that do not begin a new thought."""
        new = places
        for _ in range(most):
            new = (new & self._unbroken) << 1 & ~places
            if not new:
                break
            places |= new
        return places

    def _before_end(self, filler: int) -> int:
        """Return the positions after which only filler words follow, and the end."""
        places = self._all + 1
        for _ in range(_MOST):
            before = 0
            for length, row in self.rows(filler):
                before |= (places >> length) & row
            if not before & ~places:
                break
            places |= before
        return places


_VETOES_ALL = "*"  # a veto of everything else in the clause: "please don't take me off"
_LASTING_VETOES = frozenset({_VETOES_ALL, "weighed"})  # vetoes that also hold against the weights of words
_CONDITIONS = ("unless", "soften", "needs")


class Grammar:
    """The requests of one language."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._agency = Agency(lexicon)
        self.weights = Weights(lexicon) if lexicon.has_weights else None
        self.doubtful = lexicon.doubtful
        self.has_reliable_weights = lexicon.has_reliable_weights
        self.has_slips, self.language = lexicon.has_slips, lexicon.language
        bits = lexicon.bits
        self._breakers, self._name = bits["BREAK"], bits["NAME"]
        self._machine, self._laughter = bits.get("MACHINE", 0), bits.get("LAUGH", 0)
        self._teasing = self._laughter | bits.get("PLAY", 0) | bits.get("THING", 0)
        self._elements = Elements(bits)
        groups: dict[str, list[tuple[int, str]]] = {}
        for place, request in enumerate(lexicon.requests):
            for pattern, anchor in zip(request["patterns"], lexicon.anchors[place], strict=True):
                groups.setdefault(anchor, []).append((place, pattern))
        self._groups = list(groups.items())
        self._parsed: dict[int, list[Request]] = {}
        self._group_of: dict[int, int] = {}
        for place, anchor in enumerate(groups):
            for part in _single(self._elements.parts(anchor)):
                self._group_of[part] = self._group_of.get(part, 0) | 1 << place
        self._anchors = sum(self._group_of)

    def _requests(self, group: int) -> list[Request]:
        """Return the requests of one look-up element. They are parsed when a text first contains it."""
        anchor, patterns = self._groups[group.bit_length() - 1]
        parts_of_anchor = self._elements.parts(anchor)
        requests = self._parsed[group] = [
            self._request(self._lexicon.requests[place], pattern, parts_of_anchor) for place, pattern in patterns
        ]
        return requests

    def _request(self, request: Mapping[str, Any], pattern: str, anchor: int) -> Request:
        """Parse one pattern of a request. ``anchor`` has the parts by which it was looked up: the clause has them."""
        unless, soften, needs = (self._elements.parts(request[name]) if name in request else 0 for name in _CONDITIONS)
        row = self._elements.pattern(pattern)
        needed = [each.parts for each in row.elements if each.kind == Kind.ONE and not each.or_end]
        required = tuple([parts for parts in needed if parts != anchor])
        vetoes = frozenset(request.get("vetoes", ()))
        rule = f"sentence:{self._lexicon.language}/{request['id']}"
        return Request(
            request["id"], rule, request["says"], request["who"], unless, soften, needs, vetoes, row, required
        )

    @property
    def feature_finder(self) -> FeatureFinder:
        """Finds the linear model's features in texts."""
        return FeatureFinder(self._lexicon)

    def rows(self, folded: Folded, clauses: Sequence[Sequence[Word]]) -> list[Row]:
        """Return clauses as rows, in which each word has its parts in this language."""
        return [self._named(folded, self._lexicon.row(clause)) for clause in clauses]

    def find(self, rows: Sequence[Row], *, laughing: bool) -> list[Found] | None:
        """Return the requests that the patterns of this language find, or None if a machine wrote the text."""
        clause_bits = [ClauseBits(row, self._breakers) for row in rows]
        whole = 0
        for bits_of_clause in clause_bits:
            whole |= bits_of_clause.parts
        mood = whole & self._teasing | (self._laughter if laughing else 0)
        if whole & self._machine:  # "You have been unsubscribed": no person writes that
            return None
        found = self._found_in(rows, clause_bits, whole, mood, hasty=True)
        asks = _undenied(found)
        if _has_opt_out(found) and not _has_opt_out(asks):  # denied: try the requests that were skipped
            asks = _undenied(self._found_in(rows, clause_bits, whole, mood, hasty=False))
        return [each for _, each in asks]

    def _found_in(
        self, rows: Sequence[Row], clause_bits: Sequence[ClauseBits], whole: int, mood: int, *, hasty: bool
    ) -> list[tuple[Request, Found]]:
        """Return all matches. If ``hasty``, after the first opt-out try only requests that may veto it."""
        found: list[tuple[Request, Found]] = []
        for row, bits_of_clause in zip(rows, clause_bits, strict=True):
            found += self._clause(row, bits_of_clause, whole, mood, hasty=hasty, asked=hasty and _has_opt_out(found))
        return found

    def _named(self, folded: Folded, row: Row) -> Row:
        """Mark capitalised unknown words inside a clause as names."""
        units = row.units
        for i, unit in enumerate(units):
            if i and not unit.parts and _is_name(folded.written(unit.start, unit.end)):
                units[i] = Unit(self._name, unit.text, unit.start, unit.end)
        return row

    def _clause(
        self, row: Row, bits_of_clause: ClauseBits, whole: int, mood: int, *, hasty: bool, asked: bool
    ) -> list[tuple[Request, Found]]:
        denied: int | None = None
        found: list[tuple[Request, Found]] = []
        clause = bits_of_clause.parts
        for group in _single(self._groups_in(clause)):
            for request in self._parsed.get(group) or self._requests(group):
                if asked and not request.vetoes:
                    continue
                for parts in request.required:
                    if not clause & parts:
                        break
                else:
                    if denied is None:
                        denied = mood
                        for unit in row.merged(len(row.units)):
                            denied |= unit.parts
                    if denied & request.unless or (request.needs and not whole & request.needs):
                        continue
                    if each := self._first_match(request, row, bits_of_clause, denied):
                        found.append((request, each))
                        asked = asked or (hasty and each.intent is Intent.OPT_OUT)
        vetoing = [each for each in found if _VETOES_ALL in each[0].vetoes]
        return vetoing or found

    def _groups_in(self, clause: int) -> int:
        """Return the groups of requests that have a look-up element in the clause."""
        groups = 0
        for part in _single(clause & self._anchors):
            groups |= self._group_of[part]
        return groups

    def _first_match(self, request: Request, row: Row, bits_of_clause: ClauseBits, clause: int) -> Found | None:
        for at, end in bits_of_clause.matches(request.pattern):
            if self._has_agent(request, row, at):
                return self._found(request, row, at, end, clause)
        return None

    def _has_agent(self, request: Request, row: Row, at: int) -> bool:
        if request.who == "none":
            return True
        units = row.merged(at)
        negation = row.units[at].parts
        for _, unit in row.phrases.get(at, ()):
            negation |= unit.parts
        if request.who == "not wanted":
            return self._agency.before_refusal(units) is Who.ASKED
        if request.who == "not":
            return self._agency.before_not(units, negation) in ALLOWED["addressed"]
        return self._agency.before(units) in ALLOWED[request.who]

    def _found(self, request: Request, row: Row, at: int, end: int, clause: int) -> Found:
        intent = Intent.UNCLEAR if clause & request.soften else Intent(request.says)
        first, last = row.units[at], row.units[max(end, at + 1) - 1]
        return Found(intent, request.rule, first.start, last.end, self._lexicon.language)


def _undenied(found: Sequence[tuple[Request, Found]]) -> list[tuple[Request, Found]]:
    vetoed = {name for request, _ in found for name in request.vetoes}
    return [
        (request, each)
        for request, each in found
        if request.id not in vetoed and (request.says != Intent.NONE or not request.vetoes.isdisjoint(_LASTING_VETOES))
    ]


def _has_opt_out(found: Sequence[tuple[Request, Found]]) -> bool:
    return any(each.intent is Intent.OPT_OUT for _, each in found)


def _single(parts: int) -> Iterator[int]:
    while parts:
        lowest = parts & -parts
        yield lowest
        parts ^= lowest


def _is_name(written: str) -> bool:
    return written[:1].isupper() and written[1:].islower()
