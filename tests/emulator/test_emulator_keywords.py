"""Keywords of a phone number or pool."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def identity(originator: dict[str, str]) -> str:
    """The id of a phone number."""
    return originator["phone_number_id"]


def keywords(sms: Any, identity: str, **narrowed: Any) -> dict[str, str]:
    found = sms.describe_keywords(OriginationIdentity=identity, **narrowed)["Keywords"]
    return {one["Keyword"]: one["KeywordAction"] for one in found}


def test_every_number_has_help_and_stop(sms: Any, identity: str) -> None:
    """The two that every number must support."""
    assert keywords(sms, identity) == {"HELP": "AUTOMATIC_RESPONSE", "STOP": "OPT_OUT"}


def test_a_keyword_that_was_put_is_described(sms: Any, identity: str) -> None:
    """In capitals, with its message and action."""
    sms.put_keyword(OriginationIdentity=identity, Keyword="start", KeywordMessage="Hello.", KeywordAction="OPT_IN")
    (found,) = sms.describe_keywords(OriginationIdentity=identity, Keywords=["Start"])["Keywords"]
    assert found == {"Keyword": "START", "KeywordMessage": "Hello.", "KeywordAction": "OPT_IN"}


def test_a_keyword_without_an_action_answers(sms: Any, identity: str) -> None:
    """AUTOMATIC_RESPONSE is the default."""
    answer = sms.put_keyword(OriginationIdentity=identity, Keyword="JOIN", KeywordMessage="Welcome.")
    assert answer["KeywordAction"] == "AUTOMATIC_RESPONSE"


def test_keywords_are_filtered_by_action(sms: Any, identity: str) -> None:
    """keyword-action."""
    chosen = [{"Name": "keyword-action", "Values": ["OPT_OUT"]}]
    assert keywords(sms, identity, Filters=chosen) == {"STOP": "OPT_OUT"}


def test_a_deleted_keyword_is_gone(sms: Any, identity: str, refused: Any) -> None:
    """Deleting answers the keyword as it was; a second time it is not found."""
    sms.put_keyword(OriginationIdentity=identity, Keyword="JOIN", KeywordMessage="Welcome.")
    assert sms.delete_keyword(OriginationIdentity=identity, Keyword="join")["KeywordMessage"] == "Welcome."
    error = refused(sms.delete_keyword, OriginationIdentity=identity, Keyword="JOIN")
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", "keyword")


@pytest.mark.parametrize("word", ["HELP", "stop"])
def test_help_and_stop_stay(sms: Any, identity: str, refused: Any, word: str) -> None:
    """They can be neither deleted nor given another action, but another message."""
    assert refused(sms.delete_keyword, OriginationIdentity=identity, Keyword=word)["Code"] == "ConflictException"
    put = {"OriginationIdentity": identity, "Keyword": word, "KeywordMessage": "Call (206) 555-0199."}
    assert refused(sms.put_keyword, KeywordAction="OPT_IN", **put)["Code"] == "ConflictException"
    assert sms.put_keyword(**put)["KeywordMessage"] == "Call (206) 555-0199."


@pytest.mark.parametrize("word", [" JOIN", "JOIN "])
def test_a_keyword_neither_starts_nor_ends_with_a_space(sms: Any, identity: str, refused: Any, word: str) -> None:
    """The user guide's rule, which the model's pattern lacks."""
    error = refused(sms.put_keyword, OriginationIdentity=identity, Keyword=word, KeywordMessage="x")
    assert [field["Name"] for field in error["Fields"]] == ["Keyword"]


def test_an_identity_has_30_keywords_and_no_more(sms: Any, identity: str, refused: Any) -> None:
    """KEYWORDS_PER_PHONE_NUMBER; one that is there can still be changed."""
    for number in range(28):
        sms.put_keyword(OriginationIdentity=identity, Keyword=f"WORD{number}", KeywordMessage="x")
    error = refused(sms.put_keyword, OriginationIdentity=identity, Keyword="MORE", KeywordMessage="x")
    assert (error["Code"], error["Reason"]) == ("ServiceQuotaExceededException", "KEYWORDS_PER_PHONE_NUMBER")
    sms.put_keyword(OriginationIdentity=identity, Keyword="WORD1", KeywordMessage="y")


def test_a_pool_inherits_its_first_numbers_keywords(sms: Any, identity: str) -> None:
    """And keeps its own from then on."""
    sms.put_keyword(OriginationIdentity=identity, Keyword="JOIN", KeywordMessage="Welcome.")
    pool = sms.create_pool(OriginationIdentity=identity, MessageType="TRANSACTIONAL")["PoolId"]
    sms.put_keyword(OriginationIdentity=pool, Keyword="LATER", KeywordMessage="x")
    assert set(keywords(sms, pool)) == {"HELP", "STOP", "JOIN", "LATER"}
    assert set(keywords(sms, identity)) == {"HELP", "STOP", "JOIN"}


@pytest.mark.parametrize("identity", ["phone-1", "pool-1"])
@pytest.mark.parametrize("operation", ["describe_keywords", "delete_keyword"])
def test_an_unknown_identity_is_not_found(world: Any, sms: Any, refused: Any, identity: str, operation: str) -> None:
    """The refusal tells a phone number from a pool."""
    more = {"Keyword": "JOIN"} if operation == "delete_keyword" else {}
    error = refused(getattr(sms, operation), OriginationIdentity=identity, **more)
    expected = "pool" if identity == "pool-1" else "phone-number"
    assert (error["Code"], error["ResourceType"]) == ("ResourceNotFoundException", expected)
