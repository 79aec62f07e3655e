"""The measures, on a corpus small enough to count by hand."""

from dataclasses import dataclass

import pytest

from sms_consent_cli.commands.evaluate.corpus import Label, LabelledText
from sms_consent_cli.commands.evaluate.metrics import (
    ClassifiedText,
    Figures,
    Share,
    by,
    confusion,
    outcomes,
    share,
    tiers,
)


@dataclass(frozen=True)
class Said:
    """A result of the fake classifier."""

    intent: str
    tier: str | None = "SENTENCE"
    rule: str | None = "a-rule"


class ReadsWhatIsWritten:
    """Takes every text for the intent that it begins with."""

    def classify(self, text: str, /) -> Said:
        """'OPT_OUT …' is an opt-out, and so on."""
        return Said(text.split(maxsplit=1)[0])


def labelled(label: Label, read_as: str, kind: str = "passing", language: str = "en") -> LabelledText:
    """A text with one label that is classified as another."""
    return LabelledText(f"{label}-{read_as}-{kind}", f"{read_as} …", label, language, kind, "family")


@pytest.fixture
def results() -> list[ClassifiedText]:
    """Four opt-outs, three innocent texts, two of chat, two unclear ones."""
    return outcomes(
        ReadsWhatIsWritten(),
        [
            labelled(Label.OPT_OUT, "OPT_OUT"),
            labelled(Label.OPT_OUT, "OPT_OUT", language="fr"),
            labelled(Label.OPT_OUT, "UNCLEAR"),
            labelled(Label.OPT_OUT, "NONE"),
            labelled(Label.NONE, "OPT_OUT"),
            labelled(Label.NONE, "UNCLEAR"),
            labelled(Label.NONE, "HELP"),
            labelled(Label.NONE, "NONE", "chat"),
            labelled(Label.NONE, "OPT_IN", "chat"),
            labelled(Label.UNCLEAR, "UNCLEAR"),
            labelled(Label.UNCLEAR, "OPT_OUT"),
        ],
    )


def test_an_opt_out_that_is_only_asked_about_is_not_found(results: list[ClassifiedText]) -> None:
    """A person who must answer a question first is not yet opted out."""
    figures = Figures.of(results)
    assert figures.found == Share(2, 4)
    assert figures.asked == Share(1, 4)


def test_an_innocent_text_is_touched_if_its_consent_changes(results: list[ClassifiedText]) -> None:
    """A question or a help text changes nothing, and is counted apart."""
    figures = Figures.of(results)
    assert figures.touched == Share(1, 3)
    assert figures.innocent_asked == Share(1, 3)


def test_chat_is_not_mixed_with_the_hard_innocent_texts(results: list[ClassifiedText]) -> None:
    """Chat would flatter their figure; being opted in by mistake is being touched too."""
    assert Figures.of(results).conversation_touched == Share(1, 2)


def test_an_unclear_text_that_changes_a_consent_is_counted(results: list[ClassifiedText]) -> None:
    """Asking was right there, acting was not."""
    assert Figures.of(results).unclear_touched == Share(1, 2)


def test_a_tier_is_judged_by_those_whom_it_opts_out(results: list[ClassifiedText]) -> None:
    """Two of its four had asked for it."""
    assert tiers(results) == {"SENTENCE": Share(2, 4)}


def test_figures_are_broken_down_by_language(results: list[ClassifiedText]) -> None:
    """The largest group first."""
    groups = by(results, lambda one: one.example.language)
    assert {language: len(group) for language, group in groups.items()} == {"en": 10, "fr": 1}
    assert list(groups) == ["en", "fr"]


def test_the_confusion_list_has_every_label(results: list[ClassifiedText]) -> None:
    """Also those that no text bears."""
    table = confusion(results)
    assert table[Label.OPT_OUT] == {Label.OPT_OUT: 2, Label.UNCLEAR: 1, Label.NONE: 1}
    assert table[Label.HELP].total() == 0


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    """The last row is the worked example of Newcombe, Statistics in Medicine 17 (1998), 857-872, table I."""
    assert Share(count, of).interval == pytest.approx((low, high), abs=0.0001)


def test_nothing_of_nothing_is_known() -> None:
    """No text of a language: the share may be anything."""
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 0).value == 0.0


def test_a_share_counts_only_among_the_chosen(results: list[ClassifiedText]) -> None:
    """One in French, and it is found."""
    assert share(results, lambda one: one.example.language == "fr", lambda one: one.touched) == Share(1, 1)
