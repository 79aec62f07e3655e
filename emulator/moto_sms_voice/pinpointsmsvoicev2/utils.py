"""Numbers, ARNs, filters and pages of the service."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

from moto.core.exceptions import InvalidToken
from moto.utilities.paginator import Paginator

from .exceptions import ResourceNotFoundError, ValidationError

T = TypeVar("T")

# PhoneNumber in the service model.
PHONE_NUMBER = re.compile(r"\+?[1-9][0-9]{1,18}")
# The default of MaxResults is not documented; the maximum is.
DEFAULT_PAGE = 100

# A filter has the name of its attribute, except these, whose attribute is a list in some resources.
_LISTS = {"message-type": "message_types", "number-capability": "number_capabilities"}
_BOOLEAN_FILTERS = {
    "default-message-feedback-enabled",
    "deletion-protection-enabled",
    "end-user-opted-out",
    "registered",
    "self-managed-opt-outs-enabled",
    "shared-routes-enabled",
    "two-way-enabled",
}


def e164(number: str) -> str:
    """Return the number with its plus sign, which the model's pattern allows to omit."""
    return number if number.startswith("+") else f"+{number}"


def name_in(reference: str, resource_type: str, account_arn: str, field: str) -> str:
    """Return the name or id in a reference that may be an ARN. ``account_arn`` is this account's ARN, up to the resource.

    An ARN of another resource type raises INVALID_ARN. An ARN of another account or region is not found.
    """
    if not reference.startswith("arn:"):
        return reference
    parts = reference.split(":", 5)
    kind, _, name = parts[-1].partition("/")
    if (
        len(parts) != 6
        or parts[2] != "sms-voice"
        or kind != resource_type
        or not name
        or ("/" in name) != (kind == "sender-id")
    ):
        raise ValidationError("INVALID_ARN", (field, f"Must be the ARN of a resource of type {resource_type}."))
    if not reference.startswith(account_arn):
        raise ResourceNotFoundError(resource_type, reference)
    return name


def check_tag_keys(keys: Sequence[str], field: str = "Tags") -> None:
    """Raise ValidationError for a key that occurs twice or is reserved. The service's reason is not documented.

    "aws:" is reserved: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
    """
    for index, key in enumerate(keys):
        if key.lower().startswith("aws:"):
            raise ValidationError("FIELD_VALIDATION_FAILED", (f"{field}[{index}]", "The prefix aws: is reserved."))
        if key in keys[:index]:
            raise ValidationError("FIELD_VALIDATION_FAILED", (f"{field}[{index}]", "The key occurs twice."))


def filtered(get: Callable[[str], T], filters: list[dict[str, Any]] | None) -> Callable[[str], T | None]:
    """Return a function from a key to its item, or to None where a filter excludes it.

    All filters must hold; the values of one filter are alternatives. A boolean takes no other values than true and false.
    """
    for index, chosen in enumerate(filters or ()):
        if chosen["Name"] in _BOOLEAN_FILTERS and not {"true", "false"}.issuperset(chosen["Values"]):
            raise ValidationError("INVALID_FILTER_VALUES", (f"Filters[{index}].Values", "Must be true or false."))

    def item(key: str) -> T | None:
        found = get(key)
        left_in = all(not _values(found, chosen["Name"]).isdisjoint(chosen["Values"]) for chosen in filters or ())
        return found if left_in else None

    return item


def _values(resource: object, name: str) -> set[str]:
    attribute = name.replace("-", "_")
    value = getattr(resource, attribute if hasattr(resource, attribute) else _LISTS[name])
    if isinstance(value, bool):
        return {str(value).lower()}
    if isinstance(value, list):
        return set(value)
    return set() if value is None else {value}


class _KeyPaginator(Paginator):
    """moto's paginator over items that are sorted by one attribute.

    A page starts at the key in its token, or after it if that item was deleted in the meantime.
    """

    def _raise_exception_if_required(self, token: str | None) -> None:
        raise InvalidToken(str(token))

    @property
    def first_key(self) -> str:
        return "" if self._parsed_token is None else str(self._parsed_token["uniqueAttributes"])

    def _check_predicate(self, item: Any) -> bool:
        return str(self._get_unique_value(item, self._unique_attributes[0])) >= self.first_key


def page(
    query: Sequence[Any],
    keys: Sequence[str],
    item_of: Callable[[str], T | None],
    key_attribute: str,
    max_results: int | None = None,
    next_token: str | None = None,
) -> tuple[list[T], str | None]:
    """Return the next items and the token that follows.

    Args:
        query: The operation and its parameters: a token belongs to one query.
        keys: The sorted keys of all items.
        item_of: Returns a key's item, or None for an excluded one.
        key_attribute: The attribute of an item that holds its key.

    Raises:
        ValidationError: INVALID_NEXT_TOKEN for a token that is not one of this query.
    """
    try:
        paginator = _KeyPaginator(
            max_results, DEFAULT_PAGE, next_token, key_attribute, query, fail_on_invalid_token=False
        )
        start = bisect_left(keys, paginator.first_key)
    except (InvalidToken, AttributeError, KeyError):  # moto does not check what a token decodes to
        raise ValidationError("INVALID_NEXT_TOKEN", ("NextToken", "Not a token of this query.")) from None
    items = (item for key in islice(keys, start, None) if (item := item_of(key)) is not None)
    return paginator.paginate(list(islice(items, (max_results or DEFAULT_PAGE) + 1)))
