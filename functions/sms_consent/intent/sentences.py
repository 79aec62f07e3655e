"""Requests in sentences: the text is split into clauses, which are matched with the patterns of its likely languages."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

from sms_consent.intent.grammar import Grammar
from sms_consent.intent.lexicon import Lexicon, Row, unfolded
from sms_consent.intent.lookup import BoundedCache, load_rules
from sms_consent.intent.normalisation import Folded, Word, cut_evenly
from sms_consent.intent.result import Found, Intent
from sms_consent.intent.typos import Speller, TypoRepair, respellings, slips_of

__all__ = ["Sentences", "clauses", "has_breaks", "is_laughing"]

_BREAKS = frozenset('.!?;:\n"(),')
_LAUGHTER = frozenset("😂🤣😆😹😜😝😛🤪😏😘🥰😍")
_GRINS = (":D", ":-D", "=D", "xD", "XD")
_EMPHATIC = 3
_SIGNS = frozenset("🛑🚫⛔")


@cache
def _after_stop() -> frozenset[str]:
    return frozenset(load_rules("clauses")["after_stop"].split())


def clauses(folded: Folded, words: Sequence[Word]) -> list[list[Word]]:
    """Split words into clauses: at marks that end a thought, and where words were removed. Not at the dots of "stop.texting.me".

    "Stop, hammer time" is one thought; "Stop, I am not interested" is two. "Take. Me. Off." is one.
    """
    found: list[list[Word]] = [[]]
    for i, word in enumerate(words):
        if i:
            between = folded.text[words[i - 1].end : word.start]
            if between == " ":  # mostly
                found[-1].append(word)
                continue
            ends = between != "." and (not _BREAKS.isdisjoint(between) or any(map(str.isalnum, between)))
            if ends and not (between.strip() == "," and len(found[-1]) == 1 and word.text not in _after_stop()):
                found.append([])
        found[-1].append(word)
    if len(found) >= _EMPHATIC and all(len(clause) == 1 for clause in found[-_EMPHATIC:]):
        found[-_EMPHATIC:] = [[word for clause in found[-_EMPHATIC:] for word in clause]]
    return found


def has_breaks(folded: Folded) -> bool:
    """Return whether there is a mark that can end a thought."""
    return not _BREAKS.isdisjoint(folded.text)


def with_signs(folded: Folded, words: Sequence[Word]) -> list[Word]:
    """Return the words, including signs that stand for a word: "🛑 texting me", "lose my #"."""
    signs: list[Word] = []
    text = folded.original
    if not text.isascii() and not _SIGNS.isdisjoint(text) and len(text) == len(folded.text):
        signs = [Word(character, i, i + 1) for i, character in enumerate(text) if character in _SIGNS]
    if "#" in folded.text:
        padded = folded.text + " "
        signs += [
            Word("number", m, m + 1) for m in range(len(padded)) if padded[m] == "#" and not padded[m + 1].isalnum()
        ]
    return sorted([*words, *signs], key=lambda word: word.start) if signs else list(words)


def is_laughing(text: str) -> bool:
    """Return whether an emoji or emoticon shows that the sender is joking."""
    if "D" in text and any(grin in text for grin in _GRINS):
        return True
    return not text.isascii() and not _LAUGHTER.isdisjoint(text)


_ORDER = (Intent.OPT_OUT, Intent.OPT_IN, Intent.UNCLEAR, Intent.HELP, Intent.NONE)
_NEARLY = 0.7
_MOST_LANGUAGES = 4
_UNSPACED = frozenset({"zh", "ja", "ko"})
_SHORTEST_STEM, _LONGEST_STEM = 2, 12
_SHORTEST_RUN = 6
_SHORT, _LONGEST = 3, 40  # letters: shorter words are not respelt, longer ones are no words


class SentenceResult(NamedTuple):
    """The request of a text, the words after spelling correction, and the language for typo repair."""

    found: Found | None
    words: Sequence[Word]
    language: str | None


class Vocabulary:
    """The languages of each word, as bits. Words are loaded by first letter, when first needed."""

    def __init__(self, data: Mapping[str, Mapping[str, str]]) -> None:
        self._unloaded = dict(data)
        self._others_loaded = False
        self._words: dict[str, int] = {}

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.languages(word) > 0

    @property
    def loaded(self) -> Mapping[str, int]:
        """The words that are loaded, with their languages."""
        return self._words

    def languages(self, word: str) -> int:
        """Return the languages of a word."""
        letter = word[:1]
        if not self._others_loaded and not letter.isascii():
            self._unloaded.update(load_rules("vocabulary"))
            self._others_loaded = True
        if (listed := self._unloaded.get(letter)) is not None:
            self._words.update(unfolded(listed))
            self._unloaded.pop(letter, None)  # last: a thread that finds it gone finds the words
        return self._words.get(word, 0)

    def with_first_letters_of(self, words: Sequence[Word]) -> Mapping[str, int]:
        """Return the loaded words. They include all that begin with the same letters as these words."""
        unloaded = self._unloaded
        for word in words:
            letter = word.text[:1]
            if letter in unloaded or not letter.isascii():
                self.languages(word.text)
        return self._words


class Sentences:
    """The grammars of all languages, and the choice of a text's likely languages."""

    def __init__(self, data: Mapping[str, Any], *, linear_model: bool = True) -> None:
        self._linear_model = linear_model
        vocabulary: Mapping[str, Any] = data["vocabulary"]
        self._languages: Sequence[str] = vocabulary["languages"]
        self._words = Vocabulary(vocabulary["words"])
        self._stems = unfolded(vocabulary["stems"])
        self._ordinary = frozenset(data["ordinary"].split())
        self._grammars: dict[str, Grammar] = {}
        self._places: dict[int, list[int]] = {}
        self._repairs: dict[str, TypoRepair] = {}
        self._known_by = BoundedCache(self._known)
        self._meant_by = BoundedCache(self._meant)

    @property
    def vocabulary(self) -> Container[str]:
        """The words of all languages."""
        return self._words

    def find(self, folded: Folded, words: Sequence[Word]) -> SentenceResult:
        """Return the request of a text. An opt-out in any clause takes precedence."""
        words, parts = self._understood(folded, words)
        laughing = is_laughing(folded.original)
        found: list[Found] = []
        likely: list[tuple[Grammar, list[Row]]] = []
        for grammar in self._likely_grammars(folded, words):
            rows = grammar.rows(folded, parts)
            likely.append((grammar, rows))
            asks = grammar.find(rows, laughing=laughing)
            if asks is None:
                return SentenceResult(None, words, None)
            found += asks
            if any(each.intent is Intent.OPT_OUT for each in found):
                break
        decisive = next((each for intent in _ORDER for each in found if each.intent is intent), None)
        if decisive and decisive.intent is Intent.NONE:
            return SentenceResult(None, words, None)
        asks_for = self._by_weights(decisive, likely, parts, asking="?" in folded.text, laughing=laughing)
        return SentenceResult(
            asks_for, words, next((grammar.language for grammar, _ in likely if grammar.has_slips), None)
        )

    def _by_weights(
        self,
        decisive: Found | None,
        likely: Sequence[tuple[Grammar, list[Row]]],
        parts: Sequence[Sequence[Word]],
        *,
        asking: bool,
        laughing: bool,
    ) -> Found | None:
        """Return the patterns' result, corrected by the weights of the likeliest language."""
        for grammar, rows in likely[:1]:
            if not grammar.has_reliable_weights and any(other.has_reliable_weights for other, _ in likely[1:]):
                continue  # "stop loss" is in both; do not decide by the less reliable weights
            if grammar.weights and self._linear_model:
                doubtful = grammar.doubtful
                return grammar.weights.weigh(decisive, parts, rows, asking=asking, laughing=laughing, doubtful=doubtful)
        return decisive

    def repaired(self, result: SentenceResult) -> Iterator[Sequence[Word]]:
        """Yield possible typo repairs of the words, by the language that has most of them."""
        return self._repair(result.language).repaired(result.words) if result.language else iter(())

    def _repair(self, language: str) -> TypoRepair:
        repair = self._repairs.get(language)
        if repair is None:
            bit = 1 << self._languages.index(language)
            repair = self._repairs[language] = TypoRepair(language, self._known_by.__getitem__, bit)
        return repair

    def features(self, folded: Folded, words: Sequence[Word], language: str) -> list[list[str]]:
        """Return the names of the features of each clause of a text in a language."""
        _, parts = self._understood(folded, words)
        grammar = self._grammar(language)
        return [
            grammar.feature_finder.listed(part, row)
            for part, row in zip(parts, grammar.rows(folded, parts), strict=True)
        ]

    def _understood(self, folded: Folded, words: Sequence[Word]) -> tuple[Sequence[Word], list[list[Word]]]:
        """Return the words after spelling correction, and their clauses."""
        loaded = self._words.loaded
        if loaded.keys() >= {word.text for word in words}:  # all are loaded
            words = with_signs(folded, words)
            return words, clauses(folded, words)
        known = self._words.with_first_letters_of(words)
        meant = [each for word in words for each in ((word,) if word.text in known else self._respelt(word))]
        words = with_signs(folded, meant)
        return words, clauses(folded, words)

    def _known(self, word: str) -> int:
        """Return the languages of a word or of its stem, as bits."""
        known = self._words.languages(word)
        if known or len(word) > _LONGEST:
            return known
        for length in range(min(len(word), _LONGEST_STEM), _SHORTEST_STEM, -1):
            if known := self._stems.get(word[:length], 0):
                return known
        return 0

    def _likely_grammars(self, folded: Folded, words: Sequence[Word]) -> list[Grammar]:
        """Return the languages that have most of the words, and those that have nearly as many.

        A word of n languages counts as 1/n of a word for each.
        """
        languages = self._words.loaded
        counts: dict[int, int] = {}
        for word in words:
            if known := languages.get(word.text) or self._known_by[word.text]:
                counts[known] = counts.get(known, 0) + 1
        shares: dict[int, float] = {}
        for known, count in counts.items():
            places = self._places.get(known) or self._split(known)
            share = count / len(places)
            for place in places:
                shares[place] = shares.get(place, 0) + share
        likely: list[int] = []
        if shares:
            enough = max(shares.values()) * _NEARLY
            likely = sorted((place for place in shares if shares[place] >= enough), key=lambda place: -shares[place])
        ascii_only = folded.text.isascii()
        if not ascii_only and any("\u3040" <= word.text[place] <= "\ud7a3" for word in words for place in (0, -1)):
            unspaced = [place for place, language in enumerate(self._languages) if language in _UNSPACED]
            likely = list(
                dict.fromkeys([*unspaced, *likely])
            )  # "SMSを送らないで": its first letters identify no language
        return [self._grammar(self._languages[place]) for place in likely[:_MOST_LANGUAGES]]

    def _split(self, known: int) -> list[int]:
        places = self._places[known] = [place for place in range(len(self._languages)) if known >> place & 1]
        return places

    def _grammar(self, language: str) -> Grammar:
        grammar = self._grammars.get(language)
        if grammar is None:
            data = load_rules(f"languages/{language}")
            grammar = self._grammars[language] = Grammar(Lexicon(data))
        return grammar

    def _respelt(self, word: Word) -> Sequence[Word]:
        """Return a word corrected: one or more words."""
        meant = self._meant_by[word.text]
        return [Word(text, word.start, word.end) for text in meant] if meant else (word,)

    def _meant(self, text: str) -> Sequence[str]:
        """Return the correction of a word of no language (drawn out, run together or misspelt); none if there is none."""
        if len(text) > _LONGEST or text.isdecimal() or self._known_by[text]:
            return ()
        meant = self._swapped.get(text) or next(filter(self._known, respellings(text)), None)
        if meant is None and len(text) > _SHORT:
            nearest = self._speller.nearest(text)
            if len(nearest) > 1:  # "removw": of the forms of a word, the one as long
                nearest = [form for form in nearest if len(form) == len(text)]
            if len(nearest) != 1:
                return self._apart(text)
            meant = nearest[0]
        return (meant,) if meant else ()

    def _apart(self, text: str) -> Sequence[str]:
        """Return the words of a run such as "leavemealone"; none if it does not consist of known words."""
        known = self._run_together
        if len(text) < _SHORTEST_RUN or not (text.startswith(known) and text.endswith(known)):
            return ()
        return [text[begin:end] for begin, end in cut_evenly(text, _LONGEST_STEM, known.__contains__)]

    @cached_property
    def _run_together(self) -> tuple[str, ...]:
        return tuple(self._misspelling["run_together"].split())

    @cached_property
    def _swapped(self) -> dict[str, str]:
        """Short words with two letters swapped, where that makes no other word, or written by sound: "lsit", "fone"."""
        words = self._misspelling["swapped"].split()
        swapped = {
            word[:i] + word[i + 1] + word[i] + word[i + 2 :]: word for word in words for i in range(len(word) - 1)
        }
        slips = {form: word for word in self._misspelling["slips"].split() for form in slips_of(word)}
        others = self._ordinary.union(self._misspelling["beside_sentences"].split())
        by_ear: dict[str, str] = self._misspelling["by_ear"]
        return {form: word for form, word in slips.items() if form not in others} | swapped | by_ear

    @cached_property
    def _misspelling(self) -> dict[str, Any]:
        return load_rules("typos")

    @cached_property
    def _speller(self) -> Speller:
        spelled: dict[str, str] = self._misspelling["in_sentences"]
        words = (word for listed in spelled.values() for word in listed.split())
        return Speller(words, self._ordinary | set(self._misspelling["beside_sentences"].split()), one_slip_only=True)
