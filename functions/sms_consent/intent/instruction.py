"""Recognition of opt-out instructions in a text, such as "Reply STOP to end", "Отписаться: STOP", "回复STOP退订"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from sms_consent.intent.normalisation import Folded, Word

__all__ = ["Instruction"]

_SHORT = 8  # words
_FEW = 5  # words; "Reply STOP" by itself is from a person who follows the instruction
_NEAR = 4  # words from the verb to its keyword
_SHORT_CODE = range(4, 7)  # digits
_LONGEST_ASKED = 3  # words of a question to which an instruction is the answer
_TAIL = 3  # words, at most, from the keyword with which a person follows an instruction to the end


class Instruction:
    """Recognises instructions what to text. "I replied STOP" is not one."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        """``lists`` are the folded words by which instructions are recognised."""
        self._lists = {name: frozenset(words.split("|")) for name, words in lists.items()}

    def is_instructed(self, keyword: str) -> bool:
        """Return whether companies' texts instruct people to send this keyword."""
        return keyword in self._lists["keywords"]

    def is_in(self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]) -> bool:
        """Return whether words contain an instruction what to text: "Reply START to resubscribe"."""
        return any(self._instructs(folded, words, place, keywords) for place in range(len(words)))

    def goes_on(self, folded: Folded, keyword: Word) -> bool:
        """Return whether a short text continues after a keyword in capitals like an instruction: "STOP to ..."."""
        words = folded.words
        following = next((word for word in words if word.start >= keyword.end), None)
        return (
            following is not None
            and len(words) <= _SHORT
            and following.text in self._lists["to_end"]
            and folded.written(keyword.start, keyword.end).isupper()
            and folded.text[keyword.end : following.start].isspace()
        )

    def without(self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]) -> Sequence[Word]:
        """Return the words without instructions. Empty if the whole text is an instruction."""
        if len(folded.words) < _FEW and folded.text.isascii():
            return words
        texts = [word.text for word in words]
        if (
            folded.text.isascii()
            and keywords.keys().isdisjoint(texts)
            and self._lists["keywords"].isdisjoint(texts)
            and (self._lists["verbs"].isdisjoint(texts) or not self._has_code(folded, words))
        ):
            return words
        if obeys := self._obeys(folded, words, keywords):
            head = words[:obeys]
            if any(self._instructs(folded, head, place, keywords) for place in range(obeys)):
                return words[obeys:]
        named = self._named(folded, words)
        verbs = self._lists["verbs"]
        instructed = [
            place
            for place, text in enumerate(texts)
            if (text in keywords or (place and texts[place - 1] in verbs))
            and self._instructs(folded, words, place, keywords)
        ]
        gone: set[int] = set()
        for place in {*instructed, *named}:
            gone.update(self._sentence(folded, words, place, whole=place in named))
        return [word for place, word in enumerate(words) if place not in gone] if gone else words

    def _obeys(self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]) -> int:
        """Return where the sender follows an instruction ("It says text STOP to quit, so STOP"); 0 if nowhere."""
        if folded.text.endswith("?"):
            return 0
        for place in range(len(words) - 1, max(1, len(words) - _TAIL - 1), -1):
            if words[place].text in keywords:
                repeated = words[place].text in [word.text for word in words[:place]]
                after_comma = repeated and "," in folded.text[words[place - 1].end : words[place].start]
                return place if after_comma or words[place - 1].text in self._lists["so"] else 0
        return 0

    def _named(self, folded: Folded, words: Sequence[Word]) -> set[int]:
        """Return the positions of keywords in capitals that are only mentioned: two in a text that is not about its sender;
        in CJK, one after a verb.

        A keyword that is a sentence, or begins one as a verb ("STOP texting"), is sent. A text that is all in capitals has none.
        """
        lists = self._lists
        shouted = [place for place, word in enumerate(words) if self._is_shouted(folded, word)]
        if len(shouted) < 2 and folded.text.isascii():
            return set()
        named = {place for place in shouted if self._is_told_of(folded, words, place)}
        distinct = {words[place].text for place in named}
        if (
            len(distinct) > 1
            and len(words) >= len(distinct) + _FEW - 1
            and not any(word.text in lists["mine"] for word in words)
            and _has_small_letters(folded)
        ):
            return named
        if (
            folded.text.isascii()
            or "我" in folded.original
            or not any(verb in folded.text for verb in lists["unspaced"])
        ):
            return set()
        in_words = [place for place, word in enumerate(words) if self._names(folded, word)]
        return {place for place in in_words if self._is_told_of(folded, words, place)}

    def _is_told_of(self, folded: Folded, words: Sequence[Word], place: int) -> bool:
        begins = not place or _ends_sentence(folded, words, place - 1)
        return (
            not begins
            or words[place].text not in self._lists["keywords"]
            or (place + 1 < len(words) and words[place + 1].text in self._lists["purpose"])
        )

    @staticmethod
    def _names(folded: Folded, word: Word) -> bool:
        """Return whether a keyword is part of a word, as in "回复STOP退订", or is quoted: "「停止」と返信"."""
        written = folded.written(word.start, word.end)
        quoted = folded.original[folded.span(word.start, word.end)[0] - 1 :][:1] in ("「", "『", "“", "‘")
        return quoted or any(keyword in written for keyword in ("STOP", "HELP", "START"))

    def _is_shouted(self, folded: Folded, word: Word) -> bool:
        return word.text in self._lists["keywords"] and folded.written(word.start, word.end).isupper()

    def _instructs(self, folded: Folded, words: Sequence[Word], place: int, keywords: Mapping[str, object]) -> bool:
        """Return whether a keyword follows a verb of replying, or is in capitals after "To unsubscribe:"."""
        word, lists = words[place], self._lists
        if word.text not in keywords:
            return self._instructs_other(folded, words, place)
        shouted = folded.written(word.start, word.end).isupper() and _has_small_letters(folded)
        before = folded.text[words[place - 1].end : word.start] if place else ""
        if shouted and ":" in before and words[place - 1].text in keywords:
            return True
        if (
            shouted
            and 0 < place < len(words) - 1
            and words[place - 1].text == "mit"
            and words[place + 1].text in keywords
        ):
            return True
        if shouted and self._goes_to_number(words[place + 1 : place + 4]):
            said = words[self._first(folded, words, place) : place]
            if not any(each.text in lists["mine"] for each in said):
                return True
        verb = next((k for k in range(place - 1, max(-1, place - _NEAR), -1) if words[k].text in lists["verbs"]), None)
        if verb is None or self._is_mine(folded, words, verb) or words[verb + 1].text in lists["states"]:
            return False
        purpose = place + 1 < len(words) and words[place + 1].text in lists["purpose"]
        return purpose or (shouted and (verb + 1 < place or (verb > 1 and _ends_sentence(folded, words, place))))

    def _goes_to_number(self, words: Sequence[Word]) -> bool:
        """Return whether the words after a keyword name the short code to send it to: "STOP SMS au 36180"."""
        return any(
            number.text.isdecimal() and len(number.text) in _SHORT_CODE and word.text in self._lists["to_number"]
            for word, number in pairwise(words)
        )

    def _is_mine(self, folded: Folded, words: Sequence[Word], verb: int) -> bool:
        """Return whether the sender is the subject of a verb of replying: "I text", but not "... to reach me, text"."""
        return (
            verb > 0
            and words[verb - 1].text in self._lists["mine"]
            and folded.text[words[verb - 1].end : words[verb].start].isspace()
        )

    def _instructs_other(self, folded: Folded, words: Sequence[Word], place: int) -> bool:
        """Return whether a word in capitals that is no keyword follows a verb: "Text URGENT to reach me"."""
        lists = self._lists
        if not place or words[place - 1].text not in lists["verbs"] or self._is_mine(folded, words, place - 1):
            return False
        if not self._is_code(folded, words[place]) or not _has_small_letters(folded):
            return False
        if _ends_sentence(folded, words, place):
            return words[self._first(folded, words, place)].text in lists["openers"]
        following = words[place + 1]
        shouts = folded.written(following.start, following.end).isupper() and not following.text.isdecimal()
        return not shouts and (following.text in lists["purpose"] or following.text == "and")

    def _has_code(self, folded: Folded, words: Sequence[Word]) -> bool:
        """Return whether a code follows a verb of replying anywhere."""
        verbs = self._lists["verbs"]
        return any(word.text in verbs and self._is_code(folded, following) for word, following in pairwise(words))

    @staticmethod
    def _is_code(folded: Folded, word: Word) -> bool:
        """Return whether a word is a number or in capitals, like the keyword of an instruction."""
        written = folded.written(word.start, word.end)
        return written.isdecimal() or (written.isupper() and written not in ("A", "I", "O"))

    @staticmethod
    def _first(folded: Folded, words: Sequence[Word], place: int) -> int:
        while place and not _ends_sentence(folded, words, place - 1):
            place -= 1
        return place

    def _sentence(self, folded: Folded, words: Sequence[Word], place: int, *, whole: bool) -> set[int]:
        """Return the positions of an instruction: from the verb, or from the sentence's start, to the sentence's end.

        Words after a comma without a keyword are the sender's own: "It says reply STOP to end, but I still get them".
        """
        first = begin = self._first(folded, words, place)
        last = place
        while not _ends_sentence(folded, words, last):
            last += 1
        opens = words[first].text in self._lists["openers"]
        if not whole and not opens and ":" not in folded.text[words[first].start : words[place].start]:
            verbs = [k for k in range(first, place) if words[k].text in self._lists["verbs"]]
            first = verbs[-1] if verbs else place
        if begin and folded.text[words[begin - 1].end : words[begin].start].startswith("?"):
            asked = self._first(folded, words, begin - 1)
            if begin - asked <= _LONGEST_ASKED or words[asked].text in self._lists["openers"]:
                first = asked  # "Afmelden? Sms STOP naar 5050"; "Vill du inte ha fler sms? Svara STOPP"
        gone = set(range(first, place + 1))
        part: list[int] = []
        is_own = False
        for k in range(place + 1, last + 1):
            if "," in folded.text[words[k - 1].end : words[k].start]:
                gone.update([] if is_own else part)
                code = k < last and self._is_code(folded, words[k]) and words[k + 1].text in self._lists["purpose"]
                part, is_own = [], not code
            part.append(k)
            is_own = is_own and words[k].text not in self._lists["keywords"]
        gone.update([] if is_own else part)
        return gone


def _has_small_letters(folded: Folded) -> bool:
    """Return whether capitals are significant: not in a text that is all in capitals."""
    return any(letter.isalpha() and not letter.isupper() for letter in folded.original)


def _ends_sentence(folded: Folded, words: Sequence[Word], place: int) -> bool:
    return place + 1 == len(words) or not set(".!?\n;").isdisjoint(
        folded.text[words[place].end : words[place + 1].start]
    )
