"""Operations on opt-out lists and their numbers."""

from __future__ import annotations

from typing import Any

from ..exceptions import ConflictError, ServiceError, ServiceQuotaExceededError, ValidationError
from ..utils import filtered, page
from .account import idempotent
from .opted_out_numbers import OPTED_OUT_NUMBER, OptedOutNumber, OptOutList
from .originators import DEFAULT_LIST, PhoneNumber, Pool, RcsAgent
from .sharing import SharingOperations

# https://docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html; read as: 25 created ones, besides Default.
LISTS_PER_ACCOUNT = 25


class OptOutListOperations(SharingOperations):
    """Opt-out lists. `Default` always exists."""

    opt_in_refusal = "ValidationException"
    """The error of a second deletion within 30 days; which one the service raises is undocumented.

    ``ValidationException`` (Reason PHONE_NUMBER_CANNOT_BE_OPTED_IN, as seen in production) or ``ConflictException``
    (which the API's reference lists).
    """

    @idempotent
    def create_opt_out_list(self, opt_out_list_name: str, tags: list[dict[str, str]] | None = None) -> OptOutList:
        if opt_out_list_name in self.opt_out_lists:
            raise ConflictError("RESOURCE_ALREADY_EXISTS", OptOutList.resource_type, opt_out_list_name)
        if len(self.opt_out_lists) - 1 >= LISTS_PER_ACCOUNT:
            raise ServiceQuotaExceededError("OPT_OUT_LISTS_PER_ACCOUNT")
        arn = self.arn_of(OptOutList.resource_type, opt_out_list_name)
        created = OptOutList(opt_out_list_name, arn, self.now(), tags)
        self.opt_out_lists[opt_out_list_name] = created
        self._tag(created, tags)
        return created

    def delete_opt_out_list(self, opt_out_list_name: str) -> OptOutList:
        """Delete the list and its numbers. Refused for the default list, and while an originator uses the list."""
        found = self.opt_out_list(opt_out_list_name)
        name = found.opt_out_list_name
        users: list[PhoneNumber | Pool | RcsAgent] = [
            *self.phone_numbers.values(),
            *self.pools.values(),
            *self.rcs_agents.values(),
        ]
        if name == DEFAULT_LIST or any(user.opt_out_list_name == name for user in users):
            raise ConflictError("RESOURCE_DELETION_NOT_ALLOWED", OptOutList.resource_type, name)
        self._delete(self.opt_out_lists, found)
        return found

    def describe_opt_out_lists(
        self, opt_out_list_names: list[str] | None = None, owner: str = "SELF", **options: Any
    ) -> dict[str, Any]:
        """Return lists of this account, or with ``owner`` SHARED those that other accounts share with it."""
        names = opt_out_list_names or ()
        if owner == "SHARED":
            shared = self.shared_lists()
            wanted = [self.list_for("DescribeOptOutLists", name) for name in names]
            keys = sorted({each.arn for each in wanted if each.arn in shared}) if names else sorted(shared)
            lists, token = page(["shared", keys], keys, shared.get, "opt_out_list_arn", **options)
        else:
            own = [self.opt_out_list(name) for name in names]
            lists, token = self._describe(self.opt_out_lists, own, "opt_out_list_name", **options)
        return {"OptOutLists": lists, "NextToken": token}

    def put_opted_out_number(self, opt_out_list_name: str, opted_out_number: str) -> OptedOutNumber:
        """Add a number. EndUserOptedOut is false: the operation has no such parameter."""
        return self.list_for("PutOptedOutNumber", opt_out_list_name).add(
            opted_out_number, self.now(), by_end_user=False
        )

    def delete_opted_out_number(self, opt_out_list_name: str, opted_out_number: str) -> OptedOutNumber:
        refusal: ServiceError = ConflictError("RESOURCE_MODIFICATION_NOT_ALLOWED", OPTED_OUT_NUMBER, opted_out_number)
        if self.opt_in_refusal == "ValidationException":
            refusal = ValidationError(
                "PHONE_NUMBER_CANNOT_BE_OPTED_IN", ("OptedOutNumber", "Can be deleted once every 30 days.")
            )
        found = self.list_for("DeleteOptedOutNumber", opt_out_list_name)
        return found.remove_once_in_30_days(opted_out_number, self.now(), refusal)

    def describe_opted_out_numbers(
        self,
        opt_out_list_name: str,
        opted_out_numbers: list[str] | None = None,
        filters: list[dict[str, Any]] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
    ) -> dict[str, Any]:
        """Return all numbers, or those named. A named number that is not on the list is an error."""
        found = self.list_for("DescribeOptedOutNumbers", opt_out_list_name)
        wanted = sorted({found.get(number).opted_out_number for number in opted_out_numbers or ()})
        numbers, token = page(
            ["opted_out_number", found.opt_out_list_arn, wanted, filters],
            wanted or found.numbers,
            filtered(found.get, filters),
            "opted_out_number",
            max_results,
            next_token,
        )
        return {
            "OptOutListArn": found.opt_out_list_arn,
            "OptOutListName": found.opt_out_list_name,
            "OptedOutNumbers": numbers,
            "NextToken": token,
        }
