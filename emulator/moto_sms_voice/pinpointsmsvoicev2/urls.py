"""Decides which URLs are answered: the service's own, and the paths by which a test controls it."""

from __future__ import annotations

from . import control
from .responses import PinpointSMSVoiceV2Response

url_bases = [
    r"https?://sms-voice(?:-fips)?\.([^.]+)\.amazonaws\.com",
]

url_paths = {
    "{0}/$": PinpointSMSVoiceV2Response.dispatch,
}

# These stand beside moto's own `/moto-api/static/...`, where no path of any AWS service can be.
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
