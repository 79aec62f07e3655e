"""AWS End User Messaging SMS (``pinpoint-sms-voice-v2``), in memory: what moto could take as it is."""

from .models import pinpointsmsvoicev2_backends

__all__ = ["pinpointsmsvoicev2_backends"]
