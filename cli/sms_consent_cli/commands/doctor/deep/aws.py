"""AWS calls of the checks. The error of a denied call names the missing permission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from sms_consent_cli.shared.deployment import Deployment

__all__ = ["Aws", "Missing", "NoAnswer"]

_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "KMSAccessDeniedException",
        "NotAuthorized",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
_MISSING = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchEntity",
        "NoSuchResourceException",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"})
_IAM_PREFIXES = {"pinpoint-sms-voice-v2": "sms-voice", "service-quotas": "servicequotas"}
"""Services whose IAM actions have another prefix than botocore's name."""
_TOKENS = ("NextToken", "NextMarker")


class NoAnswer(Exception):
    """A call was denied or failed. ``fix`` says what to do."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.fix = fix


class Missing(Exception):
    """The resource of a call does not exist."""


class Aws:
    """Calls AWS by the operation names of the API reference, such as ``call("sns", "GetTopicAttributes", TopicArn=...)``."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._clients: dict[str, Any] = {}
        self.used: set[str] = set()
        """The permissions needed so far."""

    def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """Return the response. Raises NoAnswer or Missing, without AWS's message, which may quote input."""
        permission = f"{_IAM_PREFIXES.get(service, service)}:{operation}"
        self.used.add(permission)
        try:
            return getattr(self._client(service), xform_name(operation))(**parameters)
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            if code in _DENIED:
                raise NoAnswer(f"the caller lacks the permission {permission}", f"Allow {permission}.") from error
            if code in _MISSING:
                raise Missing(code) from error
            if code in _THROTTLED:
                raise NoAnswer(f"AWS throttles {permission}", "Run this again in a minute.") from error
            raise NoAnswer(f"{permission} was answered with {code}", "See the API reference of this call.") from error
        except BotoCoreError as error:
            reason = f"no answer to {permission}: {type(error).__name__}"
            raise NoAnswer(reason, "Check the network, the region and the credentials.") from error

    def all(self, service: str, operation: str, items: str, **parameters: Any) -> Iterator[Any]:
        """Yield the items of every page. Raises as ``call`` does."""
        while True:
            page = self.call(service, operation, **parameters)
            yield from page.get(items, [])
            token = next((page[name] for name in _TOKENS if page.get(name)), None)
            if token is None:
                return
            parameters["Marker" if service == "lambda" else "NextToken"] = token

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            # This client refuses the calls that only functions may make.
            own = self._deployment.sms_voice() if service == "pinpoint-sms-voice-v2" else None
            self._clients[service] = own or self._deployment.client(service)
        return self._clients[service]
