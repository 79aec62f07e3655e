"""The API's access keys, read from Secrets Manager and remembered for a minute, so that a rotation takes effect within one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sms_consent.access.access_key import AccessKey, read_keys
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.errors import TryAgain
from sms_consent.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["RememberedAccessKeys"]

REMEMBERED_FOR = timedelta(minutes=1)
STALE_AFTER = timedelta(minutes=15)
"""For so long the keys last read still hold while Secrets Manager does not answer."""


class RememberedAccessKeys:
    """The keys that are valid now."""

    def __init__(self, client: SecretsManagerClient, secret: str, clock: Clock) -> None:
        self._client = client
        self._secret = secret
        self._clock = clock
        self._known: tuple[datetime, tuple[AccessKey, ...]] | None = None

    def __call__(self) -> tuple[AccessKey, ...]:
        """Raises TryAgain, Rejected or KeysError."""
        now = self._clock.now()
        if self._known is not None and timedelta() <= now - self._known[0] < REMEMBERED_FOR:
            return self._known[1]
        try:
            keys = self._read()
        except TryAgain:
            if self._known is not None and now - self._known[0] < STALE_AFTER:
                return self._known[1]
            raise
        self._known = (now, keys)
        return keys

    def _read(self) -> tuple[AccessKey, ...]:
        with translated():
            answer = self._client.get_secret_value(SecretId=self._secret)
        return read_keys(answer["SecretString"])
