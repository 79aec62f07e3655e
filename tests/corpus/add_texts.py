"""
Adds labelled texts to the corpus: gives each its family, draws its part, refuses what would join the two parts.

    python tests/corpus/add_texts.py DRAFT.txt…          drawn into dev.jsonl or heldout.jsonl
    python tests/corpus/add_texts.py --chat DRAFT.txt…   held out, into chat.jsonl

A draft has a heading `@ language LABEL kind`, below it one text a line; `  ## ` starts a note, `\\n` is a line break.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cli.evaluation.corpus import CORPUS, Label, LabelledText, Part, load
from cli.evaluation.split import CHAT_FAMILY, near_duplicates, part_of, text_id, words


def drafted(path: Path, prefix: str) -> Iterator[LabelledText]:
    """The texts of a draft, each as a family of its own."""
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
    """Each new text with the families of its near-duplicates; a bare keyword is like no other text."""
    known = [(words(example.text), example.family) for example in old if example.kind != "keyword"]
    for example in new:
        if example.kind == "keyword":
            yield example, set()
            continue
        read = words(example.text)
        like = {family for other, family in known if near_duplicates(read, other)}
        yield example, like
        known.append((read, min(like, default=example.family)))


def main() -> int:
    """Appends the drafts' texts; prints the ids that were refused and why."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--chat", action="store_true")
    arguments.add_argument("drafts", nargs="+", type=Path)
    options = arguments.parse_args()
    for name in ("dev.jsonl", "heldout.jsonl", "chat.jsonl"):
        (CORPUS / name).touch()
    old = load(Part.ALL)
    present = {example.id for example in old}
    prefix = CHAT_FAMILY if options.chat else ""
    new = list({e.id: e for path in options.drafts for e in drafted(path, prefix) if e.id not in present}.values())
    for example, like in families(new, old):
        placed = dataclasses.replace(example, family=min(like, default=example.family))
        part = part_of(placed.family)
        if any(part_of(family) is not part for family in like) or (options.chat and part is Part.DEV):
            sys.stdout.write(f"refused {example.id}: like a text of the other part\n")
            continue
        row = {key: value for key, value in dataclasses.asdict(placed).items() if value or key == "text"}
        name = "chat.jsonl" if options.chat else f"{part}.jsonl"
        with (CORPUS / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
