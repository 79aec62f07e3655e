"""A call of the API: log, throttle, inject faults and validate the input, around moto's own handling."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.request import Request
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model

from ..pinpointsmsvoicev2.models import SERVICE_NAME
from ..pinpointsmsvoicev2.responses import PinpointSMSVoiceV2Response
from .exceptions import NotImplementedByEmulatorError, ServiceError, UnknownOperationError
from .models import ControlledBackend, backend_of
from .request_log import RequestRecord
from .validation import checked, parsed


@cache
def implemented() -> frozenset[str]:
    """Return the names of the implemented operations."""
    names = get_service_model(SERVICE_NAME).operation_names
    return frozenset(each for each in names if hasattr(PinpointSMSVoiceV2Response, camelcase_to_underscores(each)))


def handle(request: Request, full_url: str, headers: Any) -> TYPE_RESPONSE:
    """Handle one call, under the backend's lock: moto's server is multi-threaded."""
    response = PinpointSMSVoiceV2Response()
    response.automated_parameter_parsing = False  # what is to be parsed must be valid
    response.setup_class(request, full_url, headers)
    operation = response._get_action()
    backend = backend_of(response.current_account, response.region)
    with backend.deferred_events():
        at = backend.now()
        outcome = "a defect of the emulator"
        try:
            answer = _called(response, operation, backend)
            outcome = "OK" if answer[0] == 200 else str(answer[1].get("X-Amzn-Errortype", answer[0])).rpartition("#")[2]
        except ServiceError as error:
            outcome = error.code
            answer = _error(response, error)
        finally:
            backend.requests.add(RequestRecord(operation, at, outcome))
    return answer


def _called(response: PinpointSMSVoiceV2Response, operation: str, backend: ControlledBackend) -> TYPE_RESPONSE:
    """Throttle first, then inject faults, then validate and run the operation."""
    model = get_service_model(SERVICE_NAME)
    target = f"{model.metadata['targetPrefix']}.{operation}"
    if operation not in model.operation_names or response.headers["X-Amz-Target"] != target:
        raise UnknownOperationError
    if operation not in implemented():
        raise NotImplementedByEmulatorError(f"The {operation} action has not been implemented")
    backend.quotas.take(operation, backend.exactly_now())
    fault = backend.faults.next(operation)
    if fault and not fault.after_effect:
        raise fault.as_error()
    response.params = checked(model.operation_model(operation), parsed(response.body))
    destination = response.params.get("DestinationPhoneNumber")
    if destination is not None:
        backend.quotas.take_for_recipient(destination, backend.exactly_now())
    answer = response.call_action()
    if fault and answer[0] == 200:
        raise fault.as_error()
    return answer


def _error(response: PinpointSMSVoiceV2Response, error: ServiceError) -> TYPE_RESPONSE:
    """Return an error in the protocol's form. The model gives no status, and not every error has a shape in it."""
    if error.code in get_service_model(SERVICE_NAME).shape_names:
        _, headers, body = response.serialized(ActionResult(error))
        return error.status, headers, body
    body = json.dumps({"__type": error.code, "message": error.message})
    return error.status, {"Content-Type": "application/x-amz-json-1.0", "X-Amzn-Errortype": error.code}, body
