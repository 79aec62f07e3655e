"""Decides nothing itself: the backend is made of its parts, each built on the one before.

ServiceBackend → OptOutListBackend → PhoneNumberBackend → PoolBackend → RcsAgentBackend → KeywordBackend → MessageBackend →
InboundBackend → TagBackend → AccountBackend
"""

from __future__ import annotations

from moto.core.base_backend import BackendDict

from .account import AccountBackend
from .service import SERVICE_NAME


class PinpointSMSVoiceV2Backend(AccountBackend):
    """One account's resources in one region."""


pinpointsmsvoicev2_backends = BackendDict(PinpointSMSVoiceV2Backend, SERVICE_NAME)
