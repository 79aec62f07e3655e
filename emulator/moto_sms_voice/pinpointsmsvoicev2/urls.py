"""URLs of the service, and of the control paths for tests."""

from __future__ import annotations

from . import control
from .responses import PinpointSMSVoiceV2Response

url_bases = [
    r"https?://sms-voice(?:-fips)?\.([^.]+)\.amazonaws\.com",
]

url_paths = {
    "{0}/$": PinpointSMSVoiceV2Response.dispatch,
}

# Beside moto's own `/moto-api/static/...`; no AWS service has such paths.
control_paths = {
    "{0}/moto-api/pinpointsmsvoicev2/texts$": control.texts,
    "{0}/moto-api/pinpointsmsvoicev2/requests$": control.requests,
    "{0}/moto-api/pinpointsmsvoicev2/inbound$": control.inbound,
    "{0}/moto-api/pinpointsmsvoicev2/phone-numbers$": control.phone_numbers,
    "{0}/moto-api/pinpointsmsvoicev2/rcs-agents$": control.rcs_agents,
    "{0}/moto-api/pinpointsmsvoicev2/clock$": control.clock,
    "{0}/moto-api/pinpointsmsvoicev2/faults$": control.faults,
    "{0}/moto-api/pinpointsmsvoicev2/quotas$": control.quotas,
    "{0}/moto-api/pinpointsmsvoicev2/account$": control.account,
    "{0}/moto-api/pinpointsmsvoicev2/opt-in-refusal$": control.opt_in_refusal,
}
