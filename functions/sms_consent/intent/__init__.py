"""What a text asks for. Pure: no clock, network or AWS. Words and patterns are data that ``rules/`` builds."""

from sms_consent.intent.classifier import RuleSet
from sms_consent.intent.result import RULES_VERSION, Classification, Explanation, Intent, Tier

__all__ = ["RULES_VERSION", "Classification", "Explanation", "Intent", "RuleSet", "Tier"]
