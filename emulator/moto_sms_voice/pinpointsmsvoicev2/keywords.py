"""Keywords of origination identities, and their configured actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .exceptions import (
    ConflictError,
    ResourceNotFoundError,
    ServiceQuotaExceededError,
    ValidationError,
)
from .filters import filtered
from .originators import PhoneNumber, Pool, RcsAgent
from .rcs_agents import RcsAgentBackend

RESOURCE_TYPE = "keyword"
# https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html
REQUIRED_OPT_OUTS = frozenset(
    {"ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"}
)
# https://docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html
KEYWORDS_PER_IDENTITY = 30


@dataclass(frozen=True)
class Keyword:
    """One keyword of an origination identity. Attributes have the names of the API's members."""

    origination_identity_arn: str
    origination_identity: str
    keyword: str
    keyword_message: str
    keyword_action: str


# Every number has HELP and STOP. The wording of the service's default replies is not documented.
_MANDATORY = {
    "HELP": ("Reply STOP to opt out.", "AUTOMATIC_RESPONSE"),
    "STOP": ("You are opted out and will get no more messages.", "OPT_OUT"),
}


class KeywordBackend(RcsAgentBackend):
    """The operations on keywords. Keywords are case-insensitive and kept in capitals."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._keywords: dict[str, dict[str, Keyword]] = {}

    def _identity(self, reference: str) -> tuple[str, str]:
        found = self.phone_or_pool(reference)
        if isinstance(found, Pool):
            return found.pool_arn, found.pool_id
        return found.phone_number_arn, found.phone_number_id

    def _keywords_of(self, arn: str, identity: str) -> dict[str, Keyword]:
        if arn not in self._keywords:
            self._keywords[arn] = {
                word: Keyword(arn, identity, word, message, action) for word, (message, action) in _MANDATORY.items()
            }
        return self._keywords[arn]

    def keyword_in(self, number: PhoneNumber | RcsAgent, body: str) -> Keyword | None:
        """Return the longest keyword that the text begins with. A pool's keywords replace those of its numbers.

        "When your number receives a message that begins with a keyword"
        (https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords.html). How the service delimits words is not
        documented; here a keyword ends where no letter or digit follows. The other required words act like STOP.
        """
        if isinstance(number, RcsAgent) and number.pool_id is None:
            configured = self._keywords_of(number.rcs_agent_arn, number.rcs_agent_id)
        else:
            reference = number.pool_id or number.phone_number_id  # type: ignore[union-attr]  # an agent has a pool here
            configured = self._keywords_of(*self._identity(reference))
        text = " ".join(body.split()).upper()
        for word in sorted({*configured, *REQUIRED_OPT_OUTS}, key=len, reverse=True):
            if text.startswith(word) and not text[len(word) : len(word) + 1].isalnum():
                return configured.get(word) or replace(configured["STOP"], keyword=word)
        return None

    # --- operations

    def create_pool(self, *args: Any, **parameters: Any) -> Pool:
        """Create a pool. It inherits the keywords of its first number."""
        created = super().create_pool(*args, **parameters)
        if created.pool_arn not in self._keywords:
            first = self.numbers_in(created)[0]
            self._keywords[created.pool_arn] = {
                word: replace(one, origination_identity_arn=created.pool_arn, origination_identity=created.pool_id)
                for word, one in self._keywords_of(first.phone_number_arn, first.phone_number_id).items()
            }
        return created

    def put_keyword(
        self,
        origination_identity: str,
        keyword: str,
        keyword_message: str,
        keyword_action: str | None = None,
    ) -> Keyword:
        """Create or change a keyword. HELP and STOP can get another message but no other action."""
        arn, identity = self._identity(origination_identity)
        word = _normalised(keyword)
        configured = self._keywords_of(arn, identity)
        if word in _MANDATORY:
            _, action = _MANDATORY[word]
            if keyword_action not in (None, action):
                raise ConflictError("RESOURCE_MODIFICATION_NOT_ALLOWED", RESOURCE_TYPE, word)
        else:
            action = keyword_action or "AUTOMATIC_RESPONSE"
        if word not in configured and len(configured) >= KEYWORDS_PER_IDENTITY:
            pool = identity.startswith("pool-")
            raise ServiceQuotaExceededError("KEYWORDS_PER_POOL" if pool else "KEYWORDS_PER_PHONE_NUMBER")
        configured[word] = Keyword(arn, identity, word, keyword_message, action)
        return configured[word]

    def delete_keyword(self, origination_identity: str, keyword: str) -> Keyword:
        """Delete a keyword. HELP and STOP cannot be deleted."""
        arn, identity = self._identity(origination_identity)
        word = keyword.upper()
        if word in _MANDATORY:
            raise ConflictError("RESOURCE_DELETION_NOT_ALLOWED", RESOURCE_TYPE, word)
        try:
            return self._keywords_of(arn, identity).pop(word)
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
        arn, identity = self._identity(origination_identity)
        configured = self._keywords_of(arn, identity)
        wanted = sorted({word.upper() for word in keywords or ()})
        for word in wanted:
            if word not in configured:
                raise ResourceNotFoundError(RESOURCE_TYPE, word)

        found, token = self.paginator.page(
            ["keywords", arn, wanted, filters],
            wanted or sorted(configured),
            filtered(configured.__getitem__, filters),
            max_results,
            next_token,
        )
        return {
            "OriginationIdentityArn": arn,
            "OriginationIdentity": identity,
            "Keywords": found,
            "NextToken": token,
        }


def _normalised(keyword: str) -> str:
    """Return the keyword in capitals. It cannot start or end with a space (user guide; the model's pattern allows it)."""
    if keyword != keyword.strip():
        raise ValidationError("FIELD_VALIDATION_FAILED", ("Keyword", "Must not start or end with a space."))
    return keyword.upper()
