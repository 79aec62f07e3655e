"""What does this text ask for? Pure: no clock, no network, no AWS; words and phrases are data with sources."""

from sms_consent.intent.echo import OwnReplies
from sms_consent.intent.reader import RULES_VERSION, Reader
from sms_consent.intent.result import Classification, Explanation, Intent, Tier

__all__ = ["RULES_VERSION", "Classification", "Explanation", "Intent", "OwnReplies", "Reader", "Tier"]
