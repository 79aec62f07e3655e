"""The JSON API: one method for each implemented operation."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from botocore import xform_name
from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_service_model

from .exceptions import ServiceError
from .models import PinpointSMSVoiceV2Backend, pinpointsmsvoicev2_backends
from .service import SERVICE_NAME
from .validation import read_input

IMPLEMENTED: set[str] = set()


def operation(
    answer: Callable[[PinpointSMSVoiceV2Response, dict[str, Any]], object],
) -> Callable[[PinpointSMSVoiceV2Response], ActionResult]:
    """Wrap a method as an operation: log, throttle, inject faults, and validate the input against the model."""
    IMPLEMENTED.add(answer.__name__)

    @wraps(answer)
    def answered(self: PinpointSMSVoiceV2Response) -> ActionResult:
        name = self._get_action()
        with self.backend.call(name):
            given = read_input(get_service_model(SERVICE_NAME).operation_model(name), self.body)
            return ActionResult(answer(self, {xform_name(member): value for member, value in given.items()}))

    return answered


def _error(status: int, code: str, message: str) -> TYPE_RESPONSE:
    """Return an error without a shape in the service model, in the protocol's form."""
    return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps({"__type": code, "message": message})


class PinpointSMSVoiceV2Response(BaseResponse):
    """The service's JSON API. Each method gets the input's members under their snake_case names."""

    use_raw_body = True  # otherwise moto parses form parameters in a message's text, and fails if it is not UTF-8

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE_NAME)

    @property
    def backend(self) -> PinpointSMSVoiceV2Backend:
        return pinpointsmsvoicev2_backends[self.current_account][self.region]

    def _get_action(self) -> str:
        """Return the operation in the header, the protocol's only place for it."""
        target: str = self.headers.get("X-Amz-Target", "")
        return target.rpartition(".")[2]

    def call_action(self) -> TYPE_RESPONSE:
        """Call the operation. An operation that is not implemented answers 501, which clients do not retry."""
        action = self._get_action()
        known = action in get_service_model(SERVICE_NAME).operation_names
        if not known or camelcase_to_underscores(action) not in IMPLEMENTED:
            return _error(501, "NotImplemented", f"The {action} action has not been implemented")
        return super().call_action()

    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        """Serialize the result. Only internal errors have status 500 (API reference; the model gives no status)."""
        error = action_result.result
        if not isinstance(error, ServiceError):
            return super().serialized(action_result)
        if error.code not in get_service_model(SERVICE_NAME).shape_names:
            return _error(error.status, error.code, error.message)
        _, headers, body = super().serialized(action_result)
        return error.status, headers, body

    # --- opt-out lists

    @operation
    def create_opt_out_list(self, given: dict[str, Any]) -> object:
        return self.backend.create_opt_out_list(**given)

    @operation
    def delete_opt_out_list(self, given: dict[str, Any]) -> object:
        return self.backend.delete_opt_out_list(**given)

    @operation
    def describe_opt_out_lists(self, given: dict[str, Any]) -> object:
        return self.backend.describe_opt_out_lists(**given)

    @operation
    def put_opted_out_number(self, given: dict[str, Any]) -> object:
        return self.backend.put_opted_out_number(**given)

    @operation
    def delete_opted_out_number(self, given: dict[str, Any]) -> object:
        return self.backend.delete_opted_out_number(**given)

    @operation
    def describe_opted_out_numbers(self, given: dict[str, Any]) -> object:
        return self.backend.describe_opted_out_numbers(**given)

    # --- phone numbers and pools

    @operation
    def request_phone_number(self, given: dict[str, Any]) -> object:
        return self.backend.request_phone_number(**given)

    @operation
    def update_phone_number(self, given: dict[str, Any]) -> object:
        return self.backend.update_phone_number(**given)

    @operation
    def describe_phone_numbers(self, given: dict[str, Any]) -> object:
        return self.backend.describe_phone_numbers(**given)

    @operation
    def release_phone_number(self, given: dict[str, Any]) -> object:
        return self.backend.release_phone_number(**given)

    @operation
    def create_pool(self, given: dict[str, Any]) -> object:
        return self.backend.create_pool(**given)

    @operation
    def update_pool(self, given: dict[str, Any]) -> object:
        return self.backend.update_pool(**given)

    @operation
    def delete_pool(self, given: dict[str, Any]) -> object:
        return self.backend.delete_pool(**given)

    @operation
    def describe_pools(self, given: dict[str, Any]) -> object:
        return self.backend.describe_pools(**given)

    # --- RCS agents

    @operation
    def create_rcs_agent(self, given: dict[str, Any]) -> object:
        return self.backend.create_rcs_agent(**given)

    @operation
    def update_rcs_agent(self, given: dict[str, Any]) -> object:
        return self.backend.update_rcs_agent(**given)

    @operation
    def delete_rcs_agent(self, given: dict[str, Any]) -> object:
        return self.backend.delete_rcs_agent(**given)

    @operation
    def describe_rcs_agents(self, given: dict[str, Any]) -> object:
        return self.backend.describe_rcs_agents(**given)

    # --- keywords

    @operation
    def put_keyword(self, given: dict[str, Any]) -> object:
        return self.backend.put_keyword(**given)

    @operation
    def delete_keyword(self, given: dict[str, Any]) -> object:
        return self.backend.delete_keyword(**given)

    @operation
    def describe_keywords(self, given: dict[str, Any]) -> object:
        return self.backend.describe_keywords(**given)

    # --- messages

    @operation
    def send_text_message(self, given: dict[str, Any]) -> object:
        return self.backend.send_text_message(**given)

    @operation
    def send_rcs_message(self, given: dict[str, Any]) -> object:
        return self.backend.send_rcs_message(**given)

    # --- tags

    @operation
    def tag_resource(self, given: dict[str, Any]) -> object:
        return self.backend.tag_resource(**given)

    @operation
    def untag_resource(self, given: dict[str, Any]) -> object:
        return self.backend.untag_resource(**given)

    @operation
    def list_tags_for_resource(self, given: dict[str, Any]) -> object:
        return self.backend.list_tags_for_resource(**given)

    # --- the account

    @operation
    def describe_account_attributes(self, given: dict[str, Any]) -> object:
        return self.backend.describe_account_attributes(**given)

    @operation
    def describe_spend_limits(self, given: dict[str, Any]) -> object:
        return self.backend.describe_spend_limits(**given)
