"""The rules of others, each by the examples of its own documentation."""

import pytest

from sms_consent_cli.commands.evaluate.corpus import Label
from sms_consent_cli.commands.evaluate.peers import PEERS, contains_word, exact, first_word, fuzzy, phrases, substring


@pytest.mark.parametrize("text", ["STOP", " stop\n", "OptOut", "arret", "opt out"])
def test_exact_match_trims_and_ignores_case(text: str) -> None:
    """Twilio and AWS: a keyword alone, in any case."""
    assert exact(text)


@pytest.mark.parametrize("text", ["STOP PLEASE", "PLEASE CANCEL", "Stop."])
def test_exact_match_misses_a_keyword_beside_other_words(text: str) -> None:
    """Twilio says so of the first two in as many words."""
    assert not exact(text)


def test_the_first_word_counts_whatever_follows() -> None:
    """AWS: a message that begins with a keyword, so also the person who only stops by."""
    assert first_word("Stop by at 5?")
    assert first_word("stop. thank you")
    assert not first_word("please stop")
    assert not first_word("stopping at the shop")


def test_a_keyword_as_a_word_counts_anywhere() -> None:
    """Word boundaries save WEEKEND, not the appointment."""
    assert contains_word("Can we cancel Tuesday's appointment?")
    assert contains_word("please opt out")
    assert not contains_word("WEEKEND")


def test_the_published_sample_opts_out_a_text_with_weekend() -> None:
    """AWS's sample looks for END anywhere, and for TD."""
    assert substring("Have a nice weekend")
    assert substring("outdoors")
    assert not substring("please revoke")


def test_fuzzy_matching_finds_its_documented_examples() -> None:
    """Braze: a substring, or one letter replaced by its neighbour."""
    assert fuzzy("Please stopppp")
    assert fuzzy("stip")
    assert fuzzy("dtop")
    assert not fuzzy("stxp")
    assert not fuzzy("dtip")
    assert not fuzzy("atlas")


def test_the_list_of_phrases_finds_what_it_lists() -> None:
    """Spoke's list, as campaigns share it."""
    assert phrases("Stop. Thank you")
    assert phrases("please take me off this list")
    assert phrases("Don’t contact me again")
    assert not phrases("we cannot stop here")


def test_a_peer_reads_opt_outs_and_nothing_else() -> None:
    """It never asks."""
    readings = {peer.name: peer.classify("stop").intent for peer in PEERS}
    assert set(readings.values()) == {Label.OPT_OUT}
    assert {peer.classify("hello").intent for peer in PEERS} == {Label.NONE}
