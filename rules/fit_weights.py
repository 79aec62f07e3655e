"""
Fit rules/weights to the texts of dev.jsonl: how strongly each word, pair of words and pair of parts indicates an opt-out.

    python -m rules.fit_weights en…                     writes rules/weights/en.json
    python -m rules.fit_weights --cross-validate en     writes nothing: fits to four fifths, measures the other fifth

Logistic regression by stochastic gradient descent, with one learning rate per feature (Duchi, Hazan and Singer, Adaptive
subgradient methods, JMLR 12 (2011)); the weights of the last epochs are averaged. Each step leaves out a fifth of a text's
features, so that no text is recognised by one pair of words alone (Srivastava et al., Dropout, JMLR 15 (2014)). The same texts
always give the same weights. The held-out part is not used, so only its figures measure how unknown texts are
classified. Run ``python -m rules.build`` afterwards.
"""

import argparse
import hashlib
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rules.corpus_split import text_id
from sms_consent.intent import RuleSet, linear_model
from sms_consent.intent.normalisation import fold
from sms_consent_cli.commands.evaluate.corpus import Label, LabelledText, Part, load, load_sms_spam

WEIGHTS = Path(__file__).with_name("weights")
EXAMPLES = Path(__file__).parents[1] / "tests" / "unit" / "intent" / "examples"
EPOCHS, AVERAGED = 12, 4
RATE, BIAS_RATE = 0.15, 0.05
SHRINK = 0.02  # how strongly a weight is reduced whenever its feature occurs
LEFT_OUT = 0.2  # of a text's features, at each step
RAREST = 2  # texts: a feature of one text says nothing about others
SMALLEST = 0.1  # a lighter feature is left out
FOLDS = 5


class Weighed(NamedTuple):
    """A text's features, clause by clause, whether it has a question feature, and whether it asks for an opt-out."""

    clauses: list[list[str]]
    asking: bool
    asks: bool


def fitted(texts: Sequence[Weighed]) -> tuple[float, dict[str, float]]:
    """Fit the bias and the weights. A step changes the features of the clause with the greatest total most."""
    counts = Counter(
        feature for text in texts for feature in {feature for clause in text.clauses for feature in clause}
    )
    weights = {feature: 0.0 for feature, count in counts.items() if count >= RAREST} | {linear_model.ASKING: 0.0}
    known = [
        Weighed(
            [[feature for feature in clause if feature in weights] for clause in text.clauses], text.asking, text.asks
        )
        for text in texts
    ]
    steps = dict.fromkeys(weights, 1e-6)
    mean, mean_bias, bias = dict.fromkeys(weights, 0.0), 0.0, 0.0
    order = random.Random(1)  # noqa: S311 - for an order, not for secrets
    drawn = order.random
    for epoch in range(EPOCHS):
        order.shuffle(known)
        for text in known:
            clauses = [[feature for feature in clause if drawn() >= LEFT_OUT] for clause in text.clauses]
            totals = [sum([weights[feature] for feature in clause]) / (1 - LEFT_OUT) for clause in clauses]
            total = bias + linear_model.summed(totals) + weights[linear_model.ASKING] * text.asking
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, total)))) - text.asks
            bias -= BIAS_RATE * error
            clearest = totals.index(max(totals)) if totals else -1
            shares = [1.0 if place == clearest else linear_model.OTHERS for place in range(len(totals))]
            question = [([linear_model.ASKING], 1.0)] if text.asking else []
            for clause, share in (*zip(clauses, shares, strict=True), *question):
                for feature in clause:
                    slope = error * share + SHRINK * weights[feature] * abs(error)
                    steps[feature] += slope * slope
                    weights[feature] -= RATE * slope / math.sqrt(steps[feature])
        if epoch >= EPOCHS - AVERAGED:
            mean_bias += bias / AVERAGED
            for feature, weight in weights.items():
                mean[feature] += weight / AVERAGED
    return mean_bias, mean


def total_of(text: Weighed, bias: float, weights: Mapping[str, float]) -> float:
    """Return the total of a text."""
    totals = [sum([weights.get(feature, 0.0) for feature in clause]) for clause in text.clauses]
    return bias + linear_model.summed(totals) + (weights.get(linear_model.ASKING, 0.0) if text.asking else 0.0)


def _limits(language: str) -> dict[str, float | None]:
    """Return the thresholds in a language's file. They were chosen by cross-validation, and fitting does not change them."""
    path = WEIGHTS / f"{language}.json"
    limits: dict[str, float | None] = json.loads(path.read_text("utf-8")).get("limits", {}) if path.is_file() else {}
    return limits


def described(
    language: str, bias: float, weights: dict[str, float], examples: Sequence[LabelledText]
) -> dict[str, object]:
    """Return the content of a weights file: features grouped by rounded weight."""
    count, sources = len(examples), "tests/corpus/dev.jsonl and tests/unit/intent/examples"
    if any(example.kind == "sms-spam-ham" for example in examples):
        sources += " and half of the human messages of the UCI SMS Spam Collection (Almeida and Hidalgo, CC BY 4.0)"
    by_weight: dict[str, list[str]] = {}
    for feature, weight in sorted(weights.items()):
        if abs(weight) >= SMALLEST:
            by_weight.setdefault(f"{weight:.1f}", []).append(feature)
    limits = _limits(language)
    return {
        "title": f"Weights of words for an opt-out, language {language}",
        "source": f"fitted by rules/fit_weights.py to {count} texts of {sources}",
        **({"limits": limits} if limits else {}),
        "bias": round(bias, 2),
        "weights": {
            weight: "|".join(features) for weight, features in sorted(by_weight.items(), key=lambda row: float(row[0]))
        },
    }


def cross_validated(examples: Sequence[LabelledText], texts: Sequence[Weighed]) -> None:
    """Print the results of cross-validation: each text is classified by weights fitted without it."""
    patterns_only = RuleSet(linear_model=False)
    totals: list[tuple[float, LabelledText]] = []
    folds = [int(hashlib.sha256(example.family.encode()).hexdigest(), 16) % FOLDS for example in examples]
    for drawn in range(FOLDS):
        bias, weights = fitted([text for text, its in zip(texts, folds, strict=True) if its != drawn])
        totals += [
            (total_of(text, bias, weights), example)
            for text, example, its in zip(texts, examples, folds, strict=True)
            if its == drawn
        ]
    by_patterns = {example.id: patterns_only.classify(example.text) for _, example in totals}
    sys.stdout.write("from total, where no pattern says OPT_OUT or OPT_IN   opt-outs   others   of these NONE\n")
    for least in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        above = [e for total, e in totals if total > least and by_patterns[e.id].intent in ("NONE", "UNCLEAR")]
        found = sum(example.label is Label.OPT_OUT for example in above)
        none = sum(example.label is Label.NONE for example in above)
        sys.stdout.write(f"{least:>10} {found:>10} {len(above) - found:>8} {none:>8}\n")
    sys.stdout.write("below total, where a pattern says OPT_OUT   opt-outs   others\n")
    for most in (0.0, -0.5, -1.0, -1.5, -2.0, -3.0):
        below = [e for total, e in totals if total < most and by_patterns[e.id].rule.startswith("sentence:")]
        denied = [example for example in below if by_patterns[example.id].intent == "OPT_OUT"]
        found = sum(example.label is Label.OPT_OUT for example in denied)
        sys.stdout.write(f"{most:>10} {found:>10} {len(denied) - found:>8}\n")


def conversation(path: Path) -> list[LabelledText]:
    """Return the half of the SMS Spam Collection's human messages that is used for fitting. The other half is for measuring."""
    return [text for text in load_sms_spam(path) if int(hashlib.sha256(text.text.encode()).hexdigest(), 16) % 2]


def listed(language: str) -> list[LabelledText]:
    """Return the examples of a language in tests/unit/intent/examples."""
    lines = (EXAMPLES / f"{language}.txt").read_text("utf-8").splitlines()
    rows = [line.replace("\t", "  ", 1).split("  ", 1) for line in lines if line and not line.startswith("#")]
    return [
        LabelledText(
            text_id(text, language), text.strip().replace("\\n", "\n"), Label(label), language, "example", text
        )
        for label, text in rows
    ]


def main() -> int:
    """Fit each language on the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cross-validate", action="store_true")
    arguments.add_argument(
        "--sms-spam", type=Path, help="the SMS Spam Collection; half of its human messages are fitted to"
    )
    arguments.add_argument("languages", nargs="+")
    options = arguments.parse_args()
    rules = RuleSet()
    for language in options.languages:
        chat = conversation(options.sms_spam) if options.sms_spam else []
        examples = [text for text in (*load(Part.DEV), *listed(language), *chat) if text.language == language]
        texts = [
            Weighed(
                rules.features(example.text, language), "?" in fold(example.text).text, example.label is Label.OPT_OUT
            )
            for example in examples
        ]
        if options.cross_validate:
            cross_validated(examples, texts)
            continue
        bias, weights = fitted(texts)
        WEIGHTS.mkdir(exist_ok=True)
        content = described(language, bias, weights, examples)
        (WEIGHTS / f"{language}.json").write_text(
            json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
