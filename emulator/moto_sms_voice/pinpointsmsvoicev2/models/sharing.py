"""Operations on resource policies, and the lists that other accounts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.backends import get_backend

from ..exceptions import AccessDeniedError, ResourceNotFoundError, ValidationError
from .account import Account
from .opted_out_numbers import OptOutList
from .policies import POLICY, ResourcePolicy, statements
from .resource import Resource


class SharingOperations(Account):
    """The operations on resource policies. Of shared resources, only opt-out lists can be used here."""

    def list_for(self, operation: str, reference: str) -> OptOutList:
        """Return the list of a name or ARN for an operation; another account's if its policy allows that.

        Which error the service raises otherwise is not documented. Here a list that is not shared with the account is
        not found, and an operation that its policy does not allow is denied. Lists of other regions are not found.
        """
        owner = reference.split(":")[4:5] if reference.startswith("arn:") else []
        if owner in ([], [self.account_id]):
            return self.opt_out_list(reference)
        shared = self._accounts().get(owner[0])
        try:
            policy = shared.policies[reference] if shared else None
            found = shared.opt_out_list(reference) if shared else None
        except (KeyError, ValidationError, ResourceNotFoundError):
            policy = found = None
        if policy is None or found is None or not policy.names(self.account_id):
            return self.opt_out_list(reference)  # raises the error of an ARN that is not this account's
        if not policy.allows(self.account_id, operation):
            raise AccessDeniedError
        return found

    def shared_lists(self) -> dict[str, OptOutList]:
        """Return the lists that other accounts share with this one, by ARN."""
        return {
            each.arn: each
            for account_id, account in self._accounts().items()
            for each in account.opt_out_lists.values()
            if account_id != self.account_id
            and each.arn in account.policies
            and account.policies[each.arn].allows(self.account_id, "DescribeOptOutLists")
        }

    def _accounts(self) -> Mapping[str, SharingOperations]:
        """Return the accounts in this region, by id."""
        backends: Any = get_backend("pinpointsmsvoicev2")  # type: ignore[call-overload]  # known to moto under this name
        return {
            account_id: regions[self.region_name]
            for account_id, regions in backends.items()
            if self.region_name in dict(regions)
        }

    def _sharable(self, arn: str) -> Resource:
        kinds: dict[str, Mapping[str, Resource]] = {
            "opt-out-list": self.opt_out_lists,
            "phone-number": self.phone_numbers,
            "pool": self.pools,
            "sender-id": self.sender_ids,
        }
        kind = arn.rpartition(":")[2].partition("/")[0]
        if kind not in kinds:
            raise ValidationError("INVALID_ARN", ("ResourceArn", f"Must be of a type in {', '.join(kinds)}."))
        found = next((each for each in kinds[kind].values() if each.arn == arn), None)
        if found is None:
            raise ResourceNotFoundError(kind, arn)
        return found

    def put_resource_policy(self, resource_arn: str, policy: str) -> ResourcePolicy:
        resource = self._sharable(resource_arn)
        statements(policy)
        self.policies[resource.arn] = ResourcePolicy(resource.arn, policy, self.now())
        return self.policies[resource.arn]

    def get_resource_policy(self, resource_arn: str) -> ResourcePolicy:
        arn = self._sharable(resource_arn).arn
        try:
            return self.policies[arn]
        except KeyError:
            raise ResourceNotFoundError(POLICY, resource_arn) from None

    def delete_resource_policy(self, resource_arn: str) -> ResourcePolicy:
        return self.policies.pop(self.get_resource_policy(resource_arn).resource_arn)
