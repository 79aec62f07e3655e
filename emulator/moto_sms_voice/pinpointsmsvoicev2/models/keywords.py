"""Keywords of origination identities, and their configured actions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..exceptions import ConflictError, ResourceNotFoundError, ServiceQuotaExceededError, ValidationError
from ..utils import filtered, page
from .account import Account
from .keyword import Keyword
from .originators import PhoneNumber, Pool, RcsAgent

RESOURCE_TYPE = "keyword"
# https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html
REQUIRED_OPT_OUTS = frozenset(
    {"ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"}
)
# https://docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html
KEYWORDS_PER_IDENTITY = 30


# Every number has HELP and STOP. The wording of the service's default replies is not documented.
_MANDATORY = {
    "HELP": ("Reply STOP to opt out.", "AUTOMATIC_RESPONSE"),
    "STOP": ("You are opted out and will get no more messages.", "OPT_OUT"),
}


class KeywordOperations(Account):
    """The operations on keywords. Keywords are case-insensitive and kept in capitals."""

    def keywords_of(self, originator: PhoneNumber | Pool | RcsAgent) -> dict[str, Keyword]:
        """Return the keywords of a number, pool or agent itself."""
        return self.keywords.setdefault(
            originator.arn,
            {
                word: Keyword(originator.arn, originator.identifier, word, message, action)
                for word, (message, action) in _MANDATORY.items()
            },
        )

    def keyword_in(self, number: PhoneNumber | RcsAgent, body: str) -> Keyword | None:
        """Return the longest keyword that the text begins with. A pool's keywords replace those of its numbers.

        "When your number receives a message that begins with a keyword"
        (https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords.html). How the service delimits words is not
        documented; here a keyword ends where no letter or digit follows. The other required words act like STOP.
        """
        configured = self.keywords_of(self.pools[number.pool_id] if number.pool_id else number)
        text = " ".join(body.split()).upper()
        for word in sorted({*configured, *REQUIRED_OPT_OUTS}, key=len, reverse=True):
            if text.startswith(word) and not text[len(word) : len(word) + 1].isalnum():
                return configured.get(word) or replace(configured["STOP"], keyword=word)
        return None

    def put_keyword(
        self,
        origination_identity: str,
        keyword: str,
        keyword_message: str,
        keyword_action: str | None = None,
    ) -> Keyword:
        """Create or change a keyword. HELP and STOP can get another message but no other action."""
        identity = self.phone_or_pool(origination_identity)
        word = _normalised(keyword)
        configured = self.keywords_of(identity)
        if word in _MANDATORY:
            _, action = _MANDATORY[word]
            if keyword_action not in (None, action):
                raise ConflictError("RESOURCE_MODIFICATION_NOT_ALLOWED", RESOURCE_TYPE, word)
        else:
            action = keyword_action or "AUTOMATIC_RESPONSE"
        if word not in configured and len(configured) >= KEYWORDS_PER_IDENTITY:
            in_pool = isinstance(identity, Pool)
            raise ServiceQuotaExceededError("KEYWORDS_PER_POOL" if in_pool else "KEYWORDS_PER_PHONE_NUMBER")
        configured[word] = Keyword(identity.arn, identity.identifier, word, keyword_message, action)
        return configured[word]

    def delete_keyword(self, origination_identity: str, keyword: str) -> Keyword:
        """Delete a keyword. HELP and STOP cannot be deleted."""
        identity = self.phone_or_pool(origination_identity)
        word = keyword.upper()
        if word in _MANDATORY:
            raise ConflictError("RESOURCE_DELETION_NOT_ALLOWED", RESOURCE_TYPE, word)
        try:
            return self.keywords_of(identity).pop(word)
        except KeyError:
            raise ResourceNotFoundError(RESOURCE_TYPE, keyword) from None

    def describe_keywords(
        self,
        origination_identity: str,
        keywords: list[str] | None = None,
        filters: list[dict[str, Any]] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
    ) -> dict[str, Any]:
        identity = self.phone_or_pool(origination_identity)
        configured = self.keywords_of(identity)
        wanted = sorted({word.upper() for word in keywords or ()})
        for word in wanted:
            if word not in configured:
                raise ResourceNotFoundError(RESOURCE_TYPE, word)
        found, token = page(
            ["keyword", identity.arn, wanted, filters],
            wanted or sorted(configured),
            filtered(configured.__getitem__, filters),
            "keyword",
            max_results,
            next_token,
        )
        return {
            "OriginationIdentityArn": identity.arn,
            "OriginationIdentity": identity.identifier,
            "Keywords": found,
            "NextToken": token,
        }


def _normalised(keyword: str) -> str:
    """Return the keyword in capitals. It cannot start or end with a space (user guide; the model's pattern allows it)."""
    if keyword != keyword.strip():
        raise ValidationError("FIELD_VALIDATION_FAILED", ("Keyword", "Must not start or end with a space."))
    return keyword.upper()
