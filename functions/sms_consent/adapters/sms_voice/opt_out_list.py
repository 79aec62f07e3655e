"""The opt-out list and texting through the API of AWS End User Messaging SMS (``pinpoint-sms-voice-v2``)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sms_consent.adapters.error_mapping import AWS_ERRORS, code_of, reason_of, translation_of
from sms_consent.domain.consent import Listing
from sms_consent.domain.errors import OptInRefused, RecipientOptedOut, Rejected, TryAgain, Unconfirmed
from sms_consent.domain.ports import Call, RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["AwsOptOutList", "AwsTexting", "listing_of"]

CANNOT_BE_OPTED_IN = "PHONE_NUMBER_CANNOT_BE_OPTED_IN"
LIST, NUMBER = "opt-out-list", "opted-out-number"
"""Values of ``ResourceType``."""
OPTED_OUT = "DESTINATION_PHONE_NUMBER_OPTED_OUT"


class AwsOptOutList:
    """An opt-out list, by name or, if another account shares it, by ARN."""

    def __init__(self, client: PinpointSMSVoiceV2Client, rate_limiter: RateLimiter | None = None) -> None:
        """``rate_limiter`` also limits the additional DescribeOptedOutNumbers calls that confirm that a list exists."""
        self._client = client
        self._rate_limiter = rate_limiter

    def put(self, number: str, list_name: str) -> Listing:
        """Call PutOptedOutNumber. AWS sets EndUserOptedOut itself; its value is stored beside ours."""
        try:
            answer = self._client.put_opted_out_number(OptOutListName=list_name, OptedOutNumber=number)
        except AWS_ERRORS as error:
            raise translation_of(error) from error
        return listing_of(answer.get("OptedOutTimestamp"), answer.get("EndUserOptedOut"))

    def delete(self, number: str, list_name: str) -> Listing | None:
        """Call DeleteOptedOutNumber. Return None if the number was not listed.

        AWS does not document which error refuses a second deletion within 30 days: both known ones raise OptInRefused.

        Raises Unconfirmed if the number or the whole list is missing, and AWS does not say which.
        """
        try:
            answer = self._client.delete_opted_out_number(OptOutListName=list_name, OptedOutNumber=number)
        except AWS_ERRORS as error:
            if self._is_unlisted(error, number, list_name):
                return None
            reason = reason_of(error)
            if code_of(error) == "ConflictException" or reason == CANNOT_BE_OPTED_IN:
                raise OptInRefused(reason or "ConflictException") from error
            raise translation_of(error) from error
        return listing_of(answer.get("OptedOutTimestamp"), answer.get("EndUserOptedOut"))

    def find(self, number: str, list_name: str) -> Listing | None:
        """Call DescribeOptedOutNumbers for one number. Return None if it is not listed.

        Raises Unconfirmed like ``delete``.
        """
        try:
            answer = self._client.describe_opted_out_numbers(OptOutListName=list_name, OptedOutNumbers=[number])
        except AWS_ERRORS as error:
            if self._is_unlisted(error, number, list_name):
                return None
            failure = translation_of(error)
            if isinstance(failure, Rejected) and failure.concerns_number is None:
                self._confirm(list_name)  # the list is valid, so the number is invalid
                raise Rejected(failure.code, failure.reason, ("OptedOutNumbers",)) from error
            raise failure from error
        for entry in answer.get("OptedOutNumbers", []):
            return listing_of(entry.get("OptedOutTimestamp"), entry.get("EndUserOptedOut"))
        return None

    def _is_unlisted(self, error: Exception, number: str, list_name: str) -> bool:
        """Return whether ResourceNotFoundException is about the number. A missing list raises the same error.

        If the response does not name the number, ask whether the list exists: if it does, the number is missing.
        """
        if not isinstance(error, ClientError) or code_of(error) != "ResourceNotFoundException":
            return False
        kind, named = error.response.get("ResourceType"), error.response.get("ResourceId")
        if kind == LIST:
            return False
        if kind == NUMBER or (isinstance(named, str) and named.lstrip("+") == number.lstrip("+")):
            return True
        self._confirm(list_name)
        return True

    def _confirm(self, list_name: str) -> None:
        """Return if the list exists. Raise Rejected if it does not exist or may not be read, Unconfirmed if AWS does not
        say."""
        if self._rate_limiter is not None:
            self._rate_limiter.take(Call.FIND)
        try:
            self._client.describe_opted_out_numbers(OptOutListName=list_name, MaxResults=1)
        except AWS_ERRORS as error:
            failure = translation_of(error)
            raise (Unconfirmed(str(failure)) if isinstance(failure, TryAgain) else failure) from error


class AwsTexting:
    """Calls SendTextMessage or SendRcsMessage once, without retries."""

    def __init__(self, client: PinpointSMSVoiceV2Client, configuration_set: str | None = None) -> None:
        """``configuration_set`` receives the events of each message, such as its delivery receipt."""
        self._client = client
        self._events: dict[str, Any] = {"ConfigurationSetName": configuration_set} if configuration_set else {}

    def send(self, *, to: str, sender: str, body: str, reference: str, as_rcs: bool = False) -> str:
        """Send a text and return its id. The opt-out list applies to every message type, so a listed recipient is refused."""
        context = {"decision": reference}
        try:
            if as_rcs:
                return self._client.send_rcs_message(
                    DestinationPhoneNumber=to,
                    OriginationIdentity=sender,
                    RcsMessageContent={"Content": {"TextMessage": {"Body": body}}},
                    Context=context,
                    **self._events,
                )["MessageId"]
            return self._client.send_text_message(
                DestinationPhoneNumber=to, OriginationIdentity=sender, MessageBody=body, Context=context, **self._events
            )["MessageId"]
        except AWS_ERRORS as error:
            if reason_of(error) == OPTED_OUT:
                raise RecipientOptedOut(OPTED_OUT) from error
            raise translation_of(error) from error


def listing_of(at: datetime | None, end_user_opted_out: bool | None) -> Listing:
    """Return a listing from the values of an entry, as the API returns them."""
    if at is not None:  # to the millisecond, as the ledger stores it
        at = at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
    return Listing(at=at, end_user_opted_out=end_user_opted_out)
