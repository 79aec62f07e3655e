"""
Write thresholds.json from the current figures, with a small margin. Review decides on the differences.

    python tests/evaluation/set_thresholds.py
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from sms_consent_cli.commands.evaluate.corpus import Part, load
from sms_consent_cli.commands.evaluate.metrics import Figures, by, outcomes
from sms_consent_cli.shared.classification import standard

THRESHOLDS = Path(__file__).with_name("thresholds.json")
ROOM = 0.003  # a few texts: a rule may trade one text for another, not a kind of text
LANGUAGE_ROOM = 0.02  # a language has fewer texts
FEWEST_TEXTS = 10  # a share of fewer opt-outs jumps with every text


def measured(part: Part) -> dict[str, Any]:
    """The floors and ceilings of one part. Conversation gets no room: the promise is one in a thousand."""
    results = outcomes(standard(), load(part))
    figures = Figures.of(results)
    languages = {
        language: Figures.of(group).found
        for language, group in by(results, lambda outcome: outcome.example.language).items()
    }
    return {
        "found": round(figures.found.value - ROOM, 4),
        "touched": round(figures.touched.value + ROOM, 4),
        "conversation_touched": math.ceil(max(figures.conversation_touched.value, 0.001) * 10_000) / 10_000,
        "languages_found": {
            language: round(max(found.value - LANGUAGE_ROOM, 0.0), 3)
            for language, found in languages.items()
            if found.of >= FEWEST_TEXTS
        },
    }


def main() -> int:
    """Keeps the reason, replaces the numbers."""
    thresholds = json.loads(THRESHOLDS.read_text(encoding="utf-8"))
    thresholds |= {part: measured(part) for part in (Part.DEV, Part.HELDOUT)}
    THRESHOLDS.write_text(json.dumps(thresholds, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
