"""The backend: the resources of an account, and one class for each group of operations on them."""

from __future__ import annotations

from typing import Any

from botocore import xform_name
from moto.core.base_backend import BackendDict

from . import cloudformation  # noqa: F401  # moto finds its resource types among the subclasses of CloudFormationModel
from .inbound import InboundTexts
from .limits import LimitOperations
from .messages import SentText
from .opt_out_lists import OptOutListOperations
from .phone_numbers import PhoneNumberOperations
from .pools import PoolOperations
from .rcs_agents import RcsAgentOperations
from .sender_ids import SenderIdOperations
from .tags import TagOperations
from .verification import VerificationOperations

__all__ = ["SERVICE_NAME", "PinpointSMSVoiceV2Backend", "SentText", "pinpointsmsvoicev2_backends"]

SERVICE_NAME = "pinpoint-sms-voice-v2"


class PinpointSMSVoiceV2Backend(
    OptOutListOperations,
    PhoneNumberOperations,
    PoolOperations,
    RcsAgentOperations,
    SenderIdOperations,
    InboundTexts,
    VerificationOperations,
    TagOperations,
    LimitOperations,
):
    """The resources of one account in one region."""

    def from_template(self, operation: str, given: dict[str, Any]) -> Any:
        """Run a create operation for a template, with members named as in the API."""
        create = getattr(self, xform_name(operation))
        return create(**{xform_name(member): value for member, value in given.items()})


pinpointsmsvoicev2_backends = BackendDict(PinpointSMSVoiceV2Backend, SERVICE_NAME)
