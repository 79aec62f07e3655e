"""The pages of a query or scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sms_consent.adapters.error_mapping import translated

__all__ = ["pages"]


def pages(call: Callable[..., Any], **request: Any) -> Iterator[Any]:
    """Yield the pages of ``client.query`` or ``client.scan``, one call each. Raises TryAgain or Rejected."""
    while True:
        with translated():
            page = call(**request)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
