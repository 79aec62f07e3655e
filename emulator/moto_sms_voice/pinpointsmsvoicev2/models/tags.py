"""Operations on tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import ResourceNotFoundError, ServiceQuotaExceededError, ValidationError
from ..utils import check_tag_keys
from .account import Account
from .resource import Resource

# The maximum of TagList in the service model.
TAGS_PER_RESOURCE = 200


class TagOperations(Account):
    """The operations on tags."""

    def _tagged(self, arn: str) -> str:
        """Return the ARN. Raises ResourceNotFoundError if no resource has it."""
        kinds: dict[str, Mapping[str, Resource]] = {
            "configuration-set": self.configuration_sets,
            "opt-out-list": self.opt_out_lists,
            "phone-number": self.phone_numbers,
            "pool": self.pools,
            "rcs-agent": self.rcs_agents,
            "sender-id": self.sender_ids,
            "verified-destination-number": self.verified_destination_numbers,
        }
        kind = arn.rpartition(":")[2].partition("/")[0]
        if kind not in kinds:
            raise ValidationError("INVALID_ARN", ("ResourceArn", f"Must be of a type in {', '.join(kinds)}."))
        if not any(each.arn == arn for each in kinds[kind].values()):
            raise ResourceNotFoundError(kind, arn)
        return arn

    def tag_resource(self, resource_arn: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        arn = self._tagged(resource_arn)
        check_tag_keys([tag["Key"] for tag in tags])
        after = {*self.tagger.get_tag_dict_for_resource(arn), *(tag["Key"] for tag in tags)}
        if len(after) > TAGS_PER_RESOURCE:
            raise ServiceQuotaExceededError("TAGS_PER_RESOURCE")
        self.tagger.tag_resource(arn, tags)
        return {}

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> dict[str, Any]:
        arn = self._tagged(resource_arn)
        check_tag_keys([key for key in tag_keys if key.lower().startswith("aws:")], "TagKeys")
        self.tagger.untag_resource_using_names(arn, tag_keys)
        return {}

    def list_tags_for_resource(self, resource_arn: str) -> dict[str, Any]:
        arn = self._tagged(resource_arn)
        return {"ResourceArn": arn, **self.tagger.list_tags_for_resource(arn)}
