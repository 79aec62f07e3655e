"""How fast texts are classified, compared with the one-liners that peers document; how long the first text takes.

Run: ``python benchmarks/intent_speed.py``. Each figure is the best of several rounds on one core: the others tell
how busy the machine was. A peer's one-liner is faster because it looks for less: `sms-consent evaluate` shows for how much.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sms_consent.intent import Intent, RuleSet

ROUNDS = 7
EXAMPLES = Path(__file__).parents[1] / "tests" / "unit" / "intent" / "examples"
KEYWORDS = frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"])

Rule = Callable[[str], bool]
PEERS: dict[str, Rule] = {
    "trimmed exact match": lambda text: text.strip().lower() in KEYWORDS,
    "first word": lambda text: (text.split() or [""])[0].lower().strip(".,!") in KEYWORDS,
    "contains a keyword": lambda text: not KEYWORDS.isdisjoint(text.lower().split()),
    "substring": lambda text: any(word in text.lower() for word in KEYWORDS),
}
FIRST_TEXTS = {
    "a keyword": "STOP",
    "a sentence": "please take me off this list",
    "a sentence that is weighed": "i dont want to hear from you people ever again, ok?",
    "an ordinary text": "see you tomorrow at 5",
    "German": "ich moechte keine weiteren Nachrichten von Ihnen bekommen",
}
COLD_START = """
import time
begun = time.process_time()
from sms_consent.intent import RuleSet
imported = time.process_time()
rules = RuleSet()
ready = time.process_time()
if {text!r} != "STOP":
    import sms_consent.intent.lower_tiers
loaded = time.process_time()
rules.classify({text!r})
done = time.process_time()
print(imported - begun, ready - imported, loaded - ready, done - loaded)
"""


def per_second(rule: Rule, texts: Sequence[str]) -> float:
    """Texts a second, in the best round."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for text in texts:
            rule(text)
        best = min(best, time.process_time() - begun)
    return len(texts) / best


def cold_start(text: str) -> tuple[float, float, float, float]:
    """Seconds to import the modules, to make a reader, to import those that a keyword does not need, and to read the first
    text with the packs that it needs: in a new process.
    """
    command = [sys.executable, "-c", COLD_START.format(text=text)]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(ROUNDS)]  # noqa: S603
    times = [[float(part) for part in run.stdout.split()] for run in runs]
    imported, ready, loaded, read = (min(each) for each in zip(*times, strict=True))
    return imported, ready, loaded, read


def kinds() -> dict[str, list[str]]:
    """Texts of three kinds."""
    lines = [line for path in sorted(EXAMPLES.glob("*.txt")) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [line.split("  ", 1) for line in lines if line and not line.startswith("#")]
    return {
        "keywords": ["STOP", "Stop.", " stop ", "“STOP”", "STOP 🛑", "start", "HELP", "arrêt", "退订"] * 100,
        "ordinary texts": [text for label, text in texts if label == "NONE"],
        "requests": [text for label, text in texts if label == "OPT_OUT"],
    }


def figures() -> dict[str, tuple[float, ...]]:
    """Texts of each kind a second, and as a share of a peer's one-liner; and the parts of a cold start, in seconds."""
    rules, peer = RuleSet(), PEERS["trimmed exact match"]
    found: dict[str, tuple[float, ...]] = {}
    for name, texts in kinds().items():
        rate = per_second(lambda text: rules.classify(text).intent is Intent.OPT_OUT, texts)
        found[name] = rate, rate / per_second(peer, texts)
    return found | {f"cold start, {name}": cold_start(text) for name, text in FIRST_TEXTS.items()}


def main() -> None:
    """Print the tables."""
    rule_set, sets = RuleSet(), kinds()
    rules: dict[str, Rule] = {"sms-consent": lambda text: rule_set.classify(text).intent is Intent.OPT_OUT, **PEERS}
    out = sys.stdout.write
    out(f"{'texts a second':<22}" + "".join(f"{name:>20}" for name in sets) + "\n")
    ours = {name: per_second(rules["sms-consent"], kind) for name, kind in sets.items()}
    for rule_name, rule in rules.items():
        cells = []
        for name, kind in sets.items():
            rate = per_second(rule, kind)
            cells.append(f"{rate:>12,.0f} {rate / ours[name]:>6.1f}x")
        out(f"{rule_name:<22}" + "".join(f"{cell:>20}" for cell in cells) + "\n")
    out(f"\n{'100,000 characters':<32}{'milliseconds':>12}\n")
    for piece in ("a", "stop texting me ", "é", "退订", "> ", '"', "a."):
        text = (piece * 100_000)[:100_000]
        out(f"{piece!r:<32}{1000 / per_second(rules['sms-consent'], [text]):>12.1f}\n")
    out(f"\n{'cold start, milliseconds':<32}{'imports':>12}{'rules':>12}{'further':>12}{'first text':>12}\n")
    for text in FIRST_TEXTS.values():
        out(f"{text:<32}" + "".join(f"{1000 * part:>12.1f}" for part in cold_start(text)) + "\n")


if __name__ == "__main__":
    main()
