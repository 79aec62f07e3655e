"""URLs of the service."""

from __future__ import annotations

from .responses import PinpointSMSVoiceV2Response

url_bases = [
    r"https?://sms-voice(?:-fips)?\.([^.]+)\.amazonaws\.com",
]

url_paths = {
    "{0}/$": PinpointSMSVoiceV2Response.dispatch,
}
