"""Whole opt-out lists through DescribeOptedOutNumbers, a hundred numbers per call, which is its maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sms_consent.adapters.error_mapping import translated
from sms_consent.adapters.sms_voice.opt_out_list import listing_of
from sms_consent.domain.phone_number import canonical
from sms_consent.reconciliation.ports import ListPage

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["PAGE", "AwsListings", "served_lists"]

PAGE = 100


class AwsListings:
    """Lists by name or, if another account shares them, by ARN. The order of the numbers is not documented."""

    def __init__(self, client: PinpointSMSVoiceV2Client) -> None:
        self._client = client

    def page(self, list_name: str, place: str | None) -> ListPage:
        """Return one page of a list. AWS may omit the plus of a number; it is added, as the ledger's numbers have it."""
        token: Any = {"NextToken": place} if place is not None else {}
        with translated():
            answer = self._client.describe_opted_out_numbers(OptOutListName=list_name, MaxResults=PAGE, **token)
        return ListPage(
            tuple(
                (
                    canonical(entry["OptedOutNumber"]) or f"+{entry['OptedOutNumber']}",
                    listing_of(entry.get("OptedOutTimestamp"), entry.get("EndUserOptedOut")),
                )
                for entry in answer["OptedOutNumbers"]
            ),
            answer.get("NextToken") or None,
        )


def served_lists(own_list: str, further_arns: str, account: str) -> tuple[str, ...]:
    """Return the canonical names of the deployment's own list and of further ones.

    ``further_arns`` are separated by commas.
    """
    names = {own_list: None}
    for arn in (part.strip() for part in further_arns.split(",")):
        if not arn or arn == own_list:
            continue
        name = arn.rpartition("/")[2] if arn.split(":")[4] == account else arn
        names.setdefault(name, None)
    return tuple(names)
