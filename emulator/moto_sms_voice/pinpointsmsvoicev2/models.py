"""The backend, composed by inheritance from one class for each group of operations.

ServiceBackend → OptOutListBackend → PhoneNumberBackend → PoolBackend → RcsAgentBackend → KeywordBackend → MessageBackend →
InboundBackend → TagBackend → AccountBackend
"""

from __future__ import annotations

from moto.core.base_backend import BackendDict

from .account import AccountBackend
from .service import SERVICE_NAME


class PinpointSMSVoiceV2Backend(AccountBackend):
    """The resources of one account in one region."""


pinpointsmsvoicev2_backends = BackendDict(PinpointSMSVoiceV2Backend, SERVICE_NAME)
