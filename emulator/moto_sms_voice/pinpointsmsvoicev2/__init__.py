"""AWS End User Messaging SMS (``pinpoint-sms-voice-v2``), in memory."""

from .models import pinpointsmsvoicev2_backends

__all__ = ["pinpointsmsvoicev2_backends"]
