"""The API's access keys from Secrets Manager, cached for a minute, so that a rotation takes effect within a minute."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sms_consent.access.access_key import AccessKey, read_keys
from sms_consent.adapters.clock import TimedCache
from sms_consent.adapters.error_mapping import translated
from sms_consent.domain.errors import TryAgain
from sms_consent.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["CachedAccessKeys"]

STALE_AFTER = timedelta(minutes=15)
"""How long the keys that were read last are used while Secrets Manager does not respond."""


class CachedAccessKeys:
    """The access keys that are valid now."""

    def __init__(self, client: SecretsManagerClient, secret: str, clock: Clock) -> None:
        self._client = client
        self._secret = secret
        self._keys = TimedCache[str, tuple[AccessKey, ...]](lambda _: self._read(), clock)

    def __call__(self) -> tuple[AccessKey, ...]:
        """Return the keys. Raises TryAgain, Rejected or KeysError."""
        try:
            return self._keys(self._secret)
        except TryAgain:
            stale = self._keys.expired(self._secret, STALE_AFTER)
            if stale is None:
                raise
            return stale

    def _read(self) -> tuple[AccessKey, ...]:
        with translated():
            answer = self._client.get_secret_value(SecretId=self._secret)
        return read_keys(answer["SecretString"])
