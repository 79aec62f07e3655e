"""Classification of texts by intent. Pure: no clock, network or AWS. Its words and patterns are data built by ``rules/``."""

from sms_consent.intent.classifier import RuleSet
from sms_consent.intent.result import RULES_VERSION, Classification, Explanation, Intent, Tier

__all__ = ["RULES_VERSION", "Classification", "Explanation", "Intent", "RuleSet", "Tier"]
