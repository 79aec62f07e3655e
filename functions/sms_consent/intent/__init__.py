"""What a text asks for. Pure: no clock, network or AWS. Words and patterns are data that ``rules/`` builds."""

from sms_consent.intent.echo import OwnReplies
from sms_consent.intent.result import Classification, Explanation, Intent, Tier
from sms_consent.intent.rule_set import RULES_VERSION, RuleSet

__all__ = ["RULES_VERSION", "Classification", "Explanation", "Intent", "OwnReplies", "RuleSet", "Tier"]
