"""
Add labelled texts to the corpus. Near-duplicates form a family, and each family is assigned to one part at random.

A text that resembles texts of both parts is refused.

    python -m rules.add_texts DRAFT.txt…          at random, into dev.jsonl or heldout.jsonl
    python -m rules.add_texts --chat DRAFT.txt…   into chat.jsonl, which is held out
    python -m rules.add_texts --written …         into dev.jsonl: texts on which rules are written

A draft has headings `@ language LABEL kind` with one text per line below; `  ## ` starts a note, `\\n` is a line break.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from rules.corpus_split import CHAT_FAMILY, WRITTEN_FAMILY, NearDuplicateIndex, part_of, text_id, words
from sms_consent_cli.commands.evaluate.corpus import CORPUS, Label, LabelledText, Part, load


def drafted(path: Path, prefix: str) -> Iterator[LabelledText]:
    """Yield the texts of a draft, each with its own family."""
    language = label = kind = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("@ "):
            _, language, label, kind = line.split()
        elif line:
            raw, _, note = line.partition("  ## ")
            text = raw.replace("\\n", "\n")
            name = text_id(text, language)
            yield LabelledText(name, text, Label(label), language, kind, prefix + name, note)


def families(new: list[LabelledText], old: list[LabelledText]) -> Iterator[tuple[LabelledText, set[str]]]:
    """Yield each new text with the families of its near-duplicates (``LabelledText.family``). A bare keyword has none."""
    known = NearDuplicateIndex((example.family, words(example.text)) for example in old if example.kind != "keyword")
    for example in new:
        if example.kind == "keyword":
            yield example, set()
            continue
        read = words(example.text)
        like = set(known.like(read))
        yield example, like
        known.add(min(like, default=example.family), read)


def _family(example: LabelledText, like: set[str], prefix: str) -> str:
    """Return the family of a text, given those that it resembles. Chat, and texts for rules, only join families of their kind."""
    own = [family for family in like if family.startswith(prefix)]
    return min(own, default=example.family) if prefix or own else example.family


def main() -> int:
    """Append the texts of drafts to the corpus, and print the ids that were refused, with reasons."""
    arguments = argparse.ArgumentParser(description=__doc__)
    into = arguments.add_mutually_exclusive_group()
    into.add_argument("--chat", action="store_const", dest="prefix", const=CHAT_FAMILY, default="")
    into.add_argument("--written", action="store_const", dest="prefix", const=WRITTEN_FAMILY)
    arguments.add_argument("drafts", nargs="+", type=Path)
    options = arguments.parse_args()
    for name in ("dev.jsonl", "heldout.jsonl", "chat.jsonl"):
        (CORPUS / name).touch()
    old = load(Part.ALL)
    present = {example.id for example in old}
    texts = (text for path in options.drafts for text in drafted(path, options.prefix))
    new = list({text.id: text for text in texts if text.id not in present}.values())
    for example, like in families(new, old):
        placed = dataclasses.replace(example, family=_family(example, like, options.prefix))
        part = part_of(placed.family)
        if any(part_of(family) is not part for family in like):
            sys.stdout.write(f"refused {example.id}: like a text of the other part\n")
            continue
        row = {key: value for key, value in dataclasses.asdict(placed).items() if value or key == "text"}
        name = "chat.jsonl" if options.prefix == CHAT_FAMILY else f"{part}.jsonl"
        with (CORPUS / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
