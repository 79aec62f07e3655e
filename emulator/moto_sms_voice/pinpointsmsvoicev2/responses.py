"""The JSON API: one method for each implemented operation."""

from __future__ import annotations

import json
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult, BaseResponse
from werkzeug.exceptions import HTTPException

from .models import SERVICE_NAME, PinpointSMSVoiceV2Backend, pinpointsmsvoicev2_backends
from .models.opted_out_numbers import OptOutList

_IAM_ERRORS = {
    "AuthFailure": "UnrecognizedClientException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}
"""Common errors of AWS's JSON services, by the error that moto's IAM raises."""


class PinpointSMSVoiceV2Response(BaseResponse):
    """The service's JSON API."""

    use_raw_body = True  # otherwise moto parses form parameters in a message's text, and fails if it is not UTF-8

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE_NAME)
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> PinpointSMSVoiceV2Backend:
        return pinpointsmsvoicev2_backends[self.current_account][self.region]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the input's members under their snake_case names."""
        return {xform_name(member): value for member, value in self.params.items()}

    def _get_action(self) -> str:
        """Return the operation in the header, the protocol's only place for it."""
        target: str = self.headers.get("X-Amz-Target", "")
        return target.rpartition(".")[2]

    def _authenticate_and_authorize_normal_action(self, resource: str = "*") -> None:
        """Answer IAM's refusals as AWS's JSON services do: 400, with the error in JSON."""
        try:
            super()._authenticate_and_authorize_normal_action(resource)
        except HTTPException as refusal:
            code = _IAM_ERRORS.get(getattr(refusal, "error_type", ""), "AccessDeniedException")
            self.response_headers |= {"Content-Type": "application/x-amz-json-1.0", "X-Amzn-Errortype": code}
            refusal.code = 400
            refusal.description = json.dumps({"__type": code, "Message": getattr(refusal, "message", "")})
            raise

    def _determine_resource(self) -> str:
        """Return the ARN that moto compares with the Resource of IAM policies.

        That is the opt-out list or the origination identity; the other operations need a policy for all resources.
        https://docs.aws.amazon.com/sms-voice/latest/userguide/permissions-actions.html
        """
        operation = self._get_action()
        if operation.endswith(("OptOutList", "OptedOutNumber", "OptedOutNumbers")):
            return self.backend.arn_in(OptOutList.resource_type, self.parameters.get("opt_out_list_name", ""))
        if operation in ("SendMediaMessage", "SendRcsMessage", "SendTextMessage", "SendVoiceMessage"):
            return self.backend.originator_arn(self.parameters.get("origination_identity", ""))
        return "*"

    # --- opt-out lists

    def create_opt_out_list(self) -> ActionResult:
        return ActionResult(self.backend.create_opt_out_list(**self.parameters))

    def delete_opt_out_list(self) -> ActionResult:
        return ActionResult(self.backend.delete_opt_out_list(**self.parameters))

    def describe_opt_out_lists(self) -> ActionResult:
        return ActionResult(self.backend.describe_opt_out_lists(**self.parameters))

    def put_opted_out_number(self) -> ActionResult:
        return ActionResult(self.backend.put_opted_out_number(**self.parameters))

    def delete_opted_out_number(self) -> ActionResult:
        return ActionResult(self.backend.delete_opted_out_number(**self.parameters))

    def describe_opted_out_numbers(self) -> ActionResult:
        return ActionResult(self.backend.describe_opted_out_numbers(**self.parameters))

    # --- resource policies

    def put_resource_policy(self) -> ActionResult:
        return ActionResult(self.backend.put_resource_policy(**self.parameters))

    def get_resource_policy(self) -> ActionResult:
        return ActionResult(self.backend.get_resource_policy(**self.parameters))

    def delete_resource_policy(self) -> ActionResult:
        return ActionResult(self.backend.delete_resource_policy(**self.parameters))

    # --- phone numbers and pools

    def request_phone_number(self) -> ActionResult:
        return ActionResult(self.backend.request_phone_number(**self.parameters))

    def update_phone_number(self) -> ActionResult:
        return ActionResult(self.backend.update_phone_number(**self.parameters))

    def describe_phone_numbers(self) -> ActionResult:
        return ActionResult(self.backend.describe_phone_numbers(**self.parameters))

    def release_phone_number(self) -> ActionResult:
        return ActionResult(self.backend.release_phone_number(**self.parameters))

    def create_pool(self) -> ActionResult:
        return ActionResult(self.backend.create_pool(**self.parameters))

    def update_pool(self) -> ActionResult:
        return ActionResult(self.backend.update_pool(**self.parameters))

    def delete_pool(self) -> ActionResult:
        return ActionResult(self.backend.delete_pool(**self.parameters))

    def describe_pools(self) -> ActionResult:
        return ActionResult(self.backend.describe_pools(**self.parameters))

    # --- RCS agents

    def create_rcs_agent(self) -> ActionResult:
        return ActionResult(self.backend.create_rcs_agent(**self.parameters))

    def update_rcs_agent(self) -> ActionResult:
        return ActionResult(self.backend.update_rcs_agent(**self.parameters))

    def delete_rcs_agent(self) -> ActionResult:
        return ActionResult(self.backend.delete_rcs_agent(**self.parameters))

    def describe_rcs_agents(self) -> ActionResult:
        return ActionResult(self.backend.describe_rcs_agents(**self.parameters))

    # --- keywords

    def put_keyword(self) -> ActionResult:
        return ActionResult(self.backend.put_keyword(**self.parameters))

    def delete_keyword(self) -> ActionResult:
        return ActionResult(self.backend.delete_keyword(**self.parameters))

    def describe_keywords(self) -> ActionResult:
        return ActionResult(self.backend.describe_keywords(**self.parameters))

    # --- messages

    def send_text_message(self) -> ActionResult:
        return ActionResult(self.backend.send_text_message(**self.parameters))

    def send_rcs_message(self) -> ActionResult:
        return ActionResult(self.backend.send_rcs_message(**self.parameters))

    # --- tags

    def tag_resource(self) -> ActionResult:
        return ActionResult(self.backend.tag_resource(**self.parameters))

    def untag_resource(self) -> ActionResult:
        return ActionResult(self.backend.untag_resource(**self.parameters))

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult(self.backend.list_tags_for_resource(**self.parameters))

    # --- the account

    def describe_account_attributes(self) -> ActionResult:
        return ActionResult(self.backend.describe_account_attributes(**self.parameters))

    def describe_spend_limits(self) -> ActionResult:
        return ActionResult(self.backend.describe_spend_limits(**self.parameters))

    # --- pool members

    def associate_origination_identity(self) -> ActionResult:
        return ActionResult(self.backend.associate_origination_identity(**self.parameters))

    def disassociate_origination_identity(self) -> ActionResult:
        return ActionResult(self.backend.disassociate_origination_identity(**self.parameters))

    def list_pool_origination_identities(self) -> ActionResult:
        return ActionResult(self.backend.list_pool_origination_identities(**self.parameters))

    # --- sender ids

    def request_sender_id(self) -> ActionResult:
        return ActionResult(self.backend.request_sender_id(**self.parameters))

    def update_sender_id(self) -> ActionResult:
        return ActionResult(self.backend.update_sender_id(**self.parameters))

    def describe_sender_ids(self) -> ActionResult:
        return ActionResult(self.backend.describe_sender_ids(**self.parameters))

    def release_sender_id(self) -> ActionResult:
        return ActionResult(self.backend.release_sender_id(**self.parameters))

    # --- configuration sets

    def create_configuration_set(self) -> ActionResult:
        return ActionResult(self.backend.create_configuration_set(**self.parameters))

    def describe_configuration_sets(self) -> ActionResult:
        return ActionResult(self.backend.describe_configuration_sets(**self.parameters))

    def delete_configuration_set(self) -> ActionResult:
        return ActionResult(self.backend.delete_configuration_set(**self.parameters))

    def set_default_message_type(self) -> ActionResult:
        return ActionResult(self.backend.set_default_message_type(**self.parameters))

    def delete_default_message_type(self) -> ActionResult:
        return ActionResult(self.backend.delete_default_message_type(**self.parameters))

    def set_default_sender_id(self) -> ActionResult:
        return ActionResult(self.backend.set_default_sender_id(**self.parameters))

    def delete_default_sender_id(self) -> ActionResult:
        return ActionResult(self.backend.delete_default_sender_id(**self.parameters))

    def set_default_message_feedback_enabled(self) -> ActionResult:
        return ActionResult(self.backend.set_default_message_feedback_enabled(**self.parameters))

    def create_event_destination(self) -> ActionResult:
        return ActionResult(self.backend.create_event_destination(**self.parameters))

    def update_event_destination(self) -> ActionResult:
        return ActionResult(self.backend.update_event_destination(**self.parameters))

    def delete_event_destination(self) -> ActionResult:
        return ActionResult(self.backend.delete_event_destination(**self.parameters))

    # --- verified destination numbers

    def create_verified_destination_number(self) -> ActionResult:
        return ActionResult(self.backend.create_verified_destination_number(**self.parameters))

    def send_destination_number_verification_code(self) -> ActionResult:
        return ActionResult(self.backend.send_destination_number_verification_code(**self.parameters))

    def verify_destination_number(self) -> ActionResult:
        return ActionResult(self.backend.verify_destination_number(**self.parameters))

    def describe_verified_destination_numbers(self) -> ActionResult:
        return ActionResult(self.backend.describe_verified_destination_numbers(**self.parameters))

    def delete_verified_destination_number(self) -> ActionResult:
        return ActionResult(self.backend.delete_verified_destination_number(**self.parameters))

    # --- messages, beside texts

    def send_voice_message(self) -> ActionResult:
        return ActionResult(self.backend.send_voice_message(**self.parameters))

    def send_media_message(self) -> ActionResult:
        return ActionResult(self.backend.send_media_message(**self.parameters))

    def put_message_feedback(self) -> ActionResult:
        return ActionResult(self.backend.put_message_feedback(**self.parameters))

    # --- spend limits

    def set_text_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.set_text_message_spend_limit_override(**self.parameters))

    def delete_text_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.delete_text_message_spend_limit_override(**self.parameters))

    def set_voice_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.set_voice_message_spend_limit_override(**self.parameters))

    def delete_voice_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.delete_voice_message_spend_limit_override(**self.parameters))

    def set_media_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.set_media_message_spend_limit_override(**self.parameters))

    def delete_media_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.delete_media_message_spend_limit_override(**self.parameters))

    def set_rcs_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.set_rcs_message_spend_limit_override(**self.parameters))

    def delete_rcs_message_spend_limit_override(self) -> ActionResult:
        return ActionResult(self.backend.delete_rcs_message_spend_limit_override(**self.parameters))
