"""The opt-out list and texting through the API of AWS End User Messaging SMS (``pinpoint-sms-voice-v2``)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sms_consent.aws.translation import reason_of, translated, translation_of
from sms_consent.consent import Listing
from sms_consent.errors import OptInRefused, RecipientOptedOut
from sms_consent.times import to_millisecond

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["AwsOptOutList", "AwsTexting", "listing_of"]

CANNOT_BE_OPTED_IN = "PHONE_NUMBER_CANNOT_BE_OPTED_IN"
OPTED_OUT = "DESTINATION_PHONE_NUMBER_OPTED_OUT"


class AwsOptOutList:
    """An opt-out list, by name or, where another account shares it, by ARN."""

    def __init__(self, client: PinpointSMSVoiceV2Client) -> None:
        self._client = client

    def put(self, number: str, list_name: str) -> Listing:
        """PutOptedOutNumber takes no EndUserOptedOut: the service sets its own, and what it says is kept beside ours."""
        with translated():
            answer = self._client.put_opted_out_number(OptOutListName=list_name, OptedOutNumber=number)
        return listing_of(answer.get("OptedOutTimestamp"), answer.get("EndUserOptedOut"))

    def delete(self, number: str, list_name: str) -> Listing | None:
        """DeleteOptedOutNumber. Which error refuses a second deletion in 30 days is undocumented: both known ones count."""
        try:
            answer = self._client.delete_opted_out_number(OptOutListName=list_name, OptedOutNumber=number)
        except ClientError as error:
            code, reason = error.response["Error"].get("Code"), reason_of(error)
            if _is_unlisted(error):
                return None
            if code == "ConflictException" or reason == CANNOT_BE_OPTED_IN:
                raise OptInRefused(reason or "ConflictException") from error
            raise translation_of(error) from error
        except BotoCoreError as error:
            raise translation_of(error) from error
        return listing_of(answer.get("OptedOutTimestamp"), answer.get("EndUserOptedOut"))

    def find(self, number: str, list_name: str) -> Listing | None:
        """DescribeOptedOutNumbers for one number, which raises ResourceNotFound for a number that is not listed."""
        try:
            answer = self._client.describe_opted_out_numbers(OptOutListName=list_name, OptedOutNumbers=[number])
        except ClientError as error:
            if _is_unlisted(error):
                return None
            raise translation_of(error) from error
        except BotoCoreError as error:
            raise translation_of(error) from error
        for entry in answer.get("OptedOutNumbers", []):
            return listing_of(entry.get("OptedOutTimestamp"), entry.get("EndUserOptedOut"))
        return None


class AwsTexting:
    """SendTextMessage, once: its client never repeats a call."""

    def __init__(self, client: PinpointSMSVoiceV2Client) -> None:
        self._client = client

    def send(self, *, to: str, sender: str, body: str, reference: str) -> str:
        """The message's id. No message type is exempt from the opt-out list, so a listed recipient is refused."""
        try:
            answer = self._client.send_text_message(
                DestinationPhoneNumber=to,
                OriginationIdentity=sender,
                MessageBody=body,
                Context={"decision": reference},
            )
        except ClientError as error:
            if reason_of(error) == OPTED_OUT:
                raise RecipientOptedOut(OPTED_OUT) from error
            raise translation_of(error) from error
        except BotoCoreError as error:
            raise translation_of(error) from error
        return answer["MessageId"]


def _is_unlisted(error: ClientError) -> bool:
    """Not the number: a missing list is reported by the same error, and is one."""
    code = error.response["Error"].get("Code")
    return code == "ResourceNotFoundException" and error.response.get("ResourceType") != "opt-out-list"


def listing_of(at: datetime | None, end_user_opted_out: bool | None) -> Listing:
    """An entry as the API gives it."""
    return Listing(
        at=to_millisecond(at.astimezone(UTC)) if at is not None else None, end_user_opted_out=end_user_opted_out
    )
