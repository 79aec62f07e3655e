"""The mapping of DynamoDB's refusals."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sms_consent.adapters.error_mapping import ConditionFailed, WriteConflict, translated
from sms_consent.domain.errors import Untouched

ITEM = {"pk": {"S": "a"}}


@pytest.mark.parametrize(
    ("code", "expected", "response"),
    [
        ("ConditionalCheckFailedException", ConditionFailed, {"Item": ITEM}),
        ("ConditionalCheckFailedException", ConditionFailed, {}),
        ("TransactionConflictException", WriteConflict, {}),
    ],
)
def test_a_refused_write_had_no_effect(code: str, expected: type[Untouched], response: dict[str, Any]) -> None:
    """It may be tried again; a failed condition returns the stored item if the call asked for it."""
    with pytest.raises(expected) as raised, translated():
        raise ClientError({"Error": {"Code": code}, **response}, "PutItem")  # type: ignore[misc]
    assert isinstance(raised.value, Untouched)
    assert getattr(raised.value, "item", {}) == response.get("Item", {})
