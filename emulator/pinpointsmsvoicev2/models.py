"""Decides nothing itself: the backend is made of its parts, each built on the one before.

ServiceBackend → OptOutListBackend → PhoneNumberBackend → PoolBackend → KeywordBackend → MessageBackend →
InboundBackend → TagBackend
"""

from __future__ import annotations

from moto.core.base_backend import BackendDict

from .service import SERVICE_NAME
from .tags import TagBackend


class PinpointSMSVoiceV2Backend(TagBackend):
    """One account's resources in one region."""


pinpointsmsvoicev2_backends = BackendDict(PinpointSMSVoiceV2Backend, SERVICE_NAME)
