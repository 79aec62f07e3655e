"""Every rule has a published source, which `explain` shows."""

from __future__ import annotations

import pytest

from sms_consent.intent import RuleSet
from sms_consent_cli.shared.rule_sources import source_of


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("STOP", "docs.aws.amazon.com"),
        ("STOP please", "Words that may stand beside a keyword"),
        ("stpo", "Misspellings"),
        ("take me off your list", "English"),
        ("would rather my number wasn't used by you guys for texts", "rules/fit_weights.py"),
        ("wrong number", "each with its reason"),
        ("slutt å sende meg meldinger", "Patterns that several languages share"),
        ("Liked “STOP to end”", "Texts that quote ours"),
        ("not my keyword", "Configured for this deployment"),
    ],
)
def test_every_rule_leads_to_its_source(text: str, source: str) -> None:
    """A deployment's word leads to its settings, any other to a file with a source."""
    assert source in source_of(RuleSet(opt_out=["not my keyword"]).classify(text).rule)


@pytest.mark.parametrize(
    ("rule", "source"), [("label:keyword:aws/STOP", "docs.aws.amazon.com"), ("event:UNSUBSCRIBE", "rcs-events")]
)
def test_a_rule_of_rcs_content_leads_to_its_source(rule: str, source: str) -> None:
    """The label of a suggestion is classified as a text is."""
    assert source in source_of(rule)


@pytest.mark.parametrize("rule", ["none", "keyword:gone/STOP", "sentence:xx/gone", "sentence:xx/weighed"])
def test_a_rule_that_does_not_exist_has_no_source(rule: str) -> None:
    """Neither a text without a request nor a rule of another version gets an invented reason."""
    assert source_of(rule) == ""
