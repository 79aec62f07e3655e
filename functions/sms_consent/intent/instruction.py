"""Which words tell somebody what to text, as ours do: "Reply STOP to end", "Отписаться: STOP", "回复STOP退订"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_consent.intent.folding import Folded, Word

__all__ = ["Instruction"]

_FEW = 5  # words; "Reply STOP" by itself is somebody doing as told
_NEAR = 3  # words from the verb to its keyword
_TAIL = 3  # words, at most, from the keyword with which somebody does as told to the end


class Instruction:
    """Knows how automatic texts name keywords. "I replied STOP" is the sender's own."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        """``lists`` are the words by which instructions are known, folded."""
        self._lists = {name: frozenset(words.split("|")) for name, words in lists.items()}

    def without(self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]) -> Sequence[Word]:
        """The words without those sentences that give an instruction; none if the whole text is such."""
        if len(words) < _FEW and folded.text.isascii():
            return words
        texts = [word.text for word in words]
        if folded.text.isascii() and keywords.keys().isdisjoint(texts) and self._lists["keywords"].isdisjoint(texts):
            return words
        if obeys := self._obeys(folded, words, keywords):
            head = words[:obeys]
            if any(self._tells(folded, head, place, keywords) for place in range(obeys)):
                return words[obeys:]
        if self._is_template(folded, words):
            return ()
        told = [place for place in range(len(words)) if self._tells(folded, words, place, keywords)]
        if not told:
            return words
        gone: set[int] = set()
        for place in told:
            gone.update(self._sentence(folded, words, place))
        return [word for place, word in enumerate(words) if place not in gone]

    def _obeys(self, folded: Folded, words: Sequence[Word], keywords: Mapping[str, object]) -> int:
        """Where somebody does what they were told, "It says text STOP to quit, so STOP"; 0 where nobody does."""
        if folded.text.endswith("?"):
            return 0
        for place in range(len(words) - 1, max(1, len(words) - _TAIL - 1), -1):
            if words[place].text in keywords:
                told = words[place].text in [word.text for word in words[:place]]
                after_comma = told and "," in folded.text[words[place - 1].end : words[place].start]
                return place if after_comma or words[place - 1].text in self._lists["so"] else 0
        return 0

    def _is_template(self, folded: Folded, words: Sequence[Word]) -> bool:
        """Whether two keywords in capitals stand in a text that is not about the sender; or one after a verb, in CJK."""
        named = {word.text for word in words if self._is_shouted(folded, word)}
        lists = self._lists
        if (
            len(named) > 1
            and len(words) >= len(named) + _FEW - 1
            and not any(word.text in lists["mine"] for word in words)
        ):
            return True
        text = folded.original
        if folded.text.isascii() or not any(keyword.upper() in text for keyword in ("stop", "help", "start")):
            return False
        return any(verb in folded.text for verb in lists["unspaced"]) and "我" not in text

    def _is_shouted(self, folded: Folded, word: Word) -> bool:
        return word.text in self._lists["keywords"] and folded.written(word.start, word.end).isupper()

    def _tells(self, folded: Folded, words: Sequence[Word], place: int, keywords: Mapping[str, object]) -> bool:
        """Whether a keyword stands after a verb of replying, or in capitals after "To unsubscribe:"."""
        word, lists = words[place], self._lists
        if word.text not in keywords:
            return False
        shouted = self._is_shouted(folded, word)
        before = folded.text[words[place - 1].end : word.start] if place else ""
        if shouted and ":" in before and words[place - 1].text in keywords:
            return True
        verb = next((k for k in range(place - 1, max(-1, place - _NEAR), -1) if words[k].text in lists["verbs"]), None)
        if verb is None or (verb and words[verb - 1].text in lists["mine"]) or words[verb + 1].text in lists["states"]:
            return False
        purpose = place + 1 < len(words) and words[place + 1].text in lists["purpose"]
        return purpose or (shouted and (verb + 1 < place or (verb > 1 and _ends_sentence(folded, words, place))))

    def _sentence(self, folded: Folded, words: Sequence[Word], place: int) -> range:
        """From the verb, or from the sentence's start if a colon stands before, to the sentence's end."""
        first = last = place
        while first and not _ends_sentence(folded, words, first - 1):
            first -= 1
        while not _ends_sentence(folded, words, last):
            last += 1
        if ":" not in folded.text[words[first].start : words[place].start]:
            verbs = [k for k in range(first, place) if words[k].text in self._lists["verbs"]]
            first = verbs[-1] if verbs else place
        return range(first, last + 1)


def _ends_sentence(folded: Folded, words: Sequence[Word], place: int) -> bool:
    return place + 1 == len(words) or not set(".!?\n;").isdisjoint(
        folded.text[words[place].end : words[place + 1].start]
    )
