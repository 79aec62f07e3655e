"""Pagination with signed tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

from .exceptions import ValidationError

T = TypeVar("T")

# The default of MaxResults is not documented; the maximum is.
DEFAULT_PAGE = 100


class Paginator:
    """Pages over sorted keys. A token signs the last key of its page, and the query.

    A token means "after this key", so additions and removals between two pages neither repeat nor hide
    other items. A forged or altered token, or one of another query, is refused with INVALID_NEXT_TOKEN.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(16)

    def page(
        self,
        query: Sequence[Any],
        keys: Sequence[str],
        item_of: Callable[[str], T | None],
        max_results: int | None,
        next_token: str | None,
    ) -> tuple[list[T], str | None]:
        """Return the next items and the token that follows. ``item_of`` returns None for an excluded item."""
        size = max_results or DEFAULT_PAGE
        after = self._read(next_token, query) if next_token is not None else ""
        rest = (keys[index] for index in range(bisect_right(keys, after), len(keys)))
        found = ((key, item) for key in rest if (item := item_of(key)) is not None)
        page = list(islice(found, size + 1))
        items = [item for _, item in page[:size]]
        return items, self._token(page[size - 1][0], query) if len(page) > size else None

    def _sign(self, key: str, query: Sequence[Any]) -> str:
        text = json.dumps([key, query], sort_keys=True)
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def _token(self, key: str, query: Sequence[Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps([key, self._sign(key, query)]).encode()).decode()

    def _read(self, token: str, query: Sequence[Any]) -> str:
        try:
            key, signature = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, TypeError):
            key, signature = "", ""
        if not (isinstance(key, str) and isinstance(signature, str)) or not hmac.compare_digest(
            signature.encode(), self._sign(key, query).encode()
        ):
            raise ValidationError("INVALID_NEXT_TOKEN", ("NextToken", "Not a token of this query."))
        return key
