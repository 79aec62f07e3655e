"""Creating an opt-out list, idempotently."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sms_consent_cli.shared.account import Account
from sms_consent_cli.shared.usage_error import UsageError

if TYPE_CHECKING:
    from mypy_boto3_pinpoint_sms_voice_v2 import PinpointSMSVoiceV2Client

__all__ = ["CreatedList", "create_list"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CreatedList:
    """A list that exists now."""

    name: str
    arn: str
    new: bool


def create_list(sms: PinpointSMSVoiceV2Client, account: Account, name: str, tags: Sequence[str]) -> CreatedList:
    """Create a list, or return an existing one. Raises UsageError, ClientError or BotoCoreError.

    The client token depends on the name only, so that AWS treats a repeated request as the same one, also after a lost response.
    """
    if not _NAME.fullmatch(name):
        raise UsageError("a list's name has 1 to 64 letters, digits, _ and -")
    chosen = _tags(tags)
    standing = account.find(name)
    if standing is not None:
        return CreatedList(standing.name, standing.arn, new=False)
    token = hashlib.sha256(f"sms-consent list {name}".encode()).hexdigest()
    try:
        answer = sms.create_opt_out_list(OptOutListName=name, Tags=chosen, ClientToken=token)
    except ClientError as error:
        code = error.response["Error"].get("Code")
        if code == "ServiceQuotaExceededException":
            raise UsageError(
                "the account has reached its quota of lists (25, unless AWS raised it): delete one or request a higher quota"
            ) from error
        if code == "ConflictException":
            raise UsageError(
                f"AWS refuses the name {name}: {error.response.get('Reason', 'ConflictException')}. "
                "If it was requested a moment ago with other tags, wait or use another name."
            ) from error
        raise
    return CreatedList(answer["OptOutListName"], answer["OptOutListArn"], new=True)


def _tags(given: Sequence[str]) -> list[Any]:
    tags = []
    for each in given:
        key, separator, value = each.partition("=")
        if not separator or not key:
            raise UsageError("--tag takes KEY=VALUE")
        tags.append({"Key": key, "Value": value})
    return tags
