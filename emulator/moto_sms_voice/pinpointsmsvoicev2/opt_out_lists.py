"""Operations on opt-out lists and their numbers."""

from __future__ import annotations

from typing import Any

from .client_tokens import ClientTokens
from .cloudformation import OptOutList
from .exceptions import ConflictError, ResourceNotFoundError, ServiceError, ServiceQuotaExceededError, ValidationError
from .filters import filtered
from .opted_out_numbers import RESOURCE_TYPE as OPTED_OUT_NUMBER
from .opted_out_numbers import OptedOutNumber
from .references import name_in
from .service import ServiceBackend

RESOURCE_TYPE = "opt-out-list"
DEFAULT_LIST = "Default"
# https://docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html; read as: 25 created ones, besides Default.
LISTS_PER_ACCOUNT = 25
OPT_IN_REFUSALS = ("ValidationException", "ConflictException")


class OptOutListBackend(ServiceBackend):
    """Opt-out lists. `Default` always exists."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._opt_in_refusal = OPT_IN_REFUSALS[0]
        self._list_tokens: ClientTokens[OptOutList] = ClientTokens()
        self.opt_out_lists: dict[str, OptOutList] = {}
        self._add_list(DEFAULT_LIST)

    def set_opt_in_refusal(self, error: str) -> None:
        """Set the error of a second deletion within 30 days; which one the service raises is undocumented.

        ``ValidationException`` (Reason PHONE_NUMBER_CANNOT_BE_OPTED_IN, as seen in production) or
        ``ConflictException`` (which the API's reference lists).
        """
        if error not in OPT_IN_REFUSALS:
            raise ValueError(f"The refusal must be one of {', '.join(OPT_IN_REFUSALS)}.")
        with self.lock:
            self._opt_in_refusal = error

    def opt_out_list(self, reference: str) -> OptOutList:
        """Return the list with that name or ARN."""
        name = name_in(reference, RESOURCE_TYPE, self.arn(""), "OptOutListName")
        try:
            return self.opt_out_lists[name]
        except KeyError:
            raise ResourceNotFoundError(RESOURCE_TYPE, reference) from None

    def is_list_used(self, name: str) -> bool:
        """Return whether an origination identity uses the list. Subclasses with such identities extend this."""
        raise NotImplementedError

    def _add_list(self, name: str, tags: list[dict[str, str]] | None = None) -> OptOutList:
        added = OptOutList(name, self.arn(f"{RESOURCE_TYPE}/{name}"), self.now(), tags)
        self.opt_out_lists[name] = added
        self.tagger.tag_resource(added.opt_out_list_arn, tags or [])
        return added

    # --- operations

    def create_opt_out_list(
        self, opt_out_list_name: str, tags: list[dict[str, str]] | None = None, client_token: str | None = None
    ) -> OptOutList:
        parameters = (opt_out_list_name, tags)
        earlier = self._list_tokens.earlier(client_token, parameters)
        if earlier:
            return earlier
        if opt_out_list_name in self.opt_out_lists:
            raise ConflictError("RESOURCE_ALREADY_EXISTS", RESOURCE_TYPE, opt_out_list_name)
        if len(self.opt_out_lists) - 1 >= LISTS_PER_ACCOUNT:
            raise ServiceQuotaExceededError("OPT_OUT_LISTS_PER_ACCOUNT")
        created = self._add_list(opt_out_list_name, tags)
        self._list_tokens.keep(client_token, parameters, created)
        return created

    def delete_opt_out_list(self, opt_out_list_name: str) -> OptOutList:
        """Delete the list and its numbers. Refused for the default list, and while a number or pool uses the list."""
        found = self.opt_out_list(opt_out_list_name)
        name = found.opt_out_list_name
        if name == DEFAULT_LIST or self.is_list_used(name):
            raise ConflictError("RESOURCE_DELETION_NOT_ALLOWED", RESOURCE_TYPE, name)
        del self.opt_out_lists[name]
        self._list_tokens.forget(found)
        self.tagger.delete_all_tags_for_resource(found.opt_out_list_arn)
        return found

    def describe_opt_out_lists(
        self,
        opt_out_list_names: list[str] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
        owner: str = "SELF",
    ) -> dict[str, Any]:
        """Return lists. None is shared with this account: resource policies are not implemented."""
        wanted = sorted({self.opt_out_list(name).opt_out_list_name for name in opt_out_list_names or ()})
        names = [] if owner == "SHARED" else wanted or sorted(self.opt_out_lists)
        lists, token = self.paginator.page(
            ["opt-out-lists", wanted, owner], names, self.opt_out_lists.get, max_results, next_token
        )
        return {"OptOutLists": lists, "NextToken": token}

    def put_opted_out_number(self, opt_out_list_name: str, opted_out_number: str) -> OptedOutNumber:
        """Add a number. EndUserOptedOut is false: the operation has no such parameter."""
        return self.opt_out_list(opt_out_list_name).add(opted_out_number, self.now(), by_end_user=False)

    def delete_opted_out_number(self, opt_out_list_name: str, opted_out_number: str) -> OptedOutNumber:
        refusal: ServiceError = ConflictError("RESOURCE_MODIFICATION_NOT_ALLOWED", OPTED_OUT_NUMBER, opted_out_number)
        if self._opt_in_refusal == "ValidationException":
            refusal = ValidationError(
                "PHONE_NUMBER_CANNOT_BE_OPTED_IN", ("OptedOutNumber", "Can be deleted once every 30 days.")
            )
        return self.opt_out_list(opt_out_list_name).remove_once_in_30_days(opted_out_number, self.now(), refusal)

    def describe_opted_out_numbers(
        self,
        opt_out_list_name: str,
        opted_out_numbers: list[str] | None = None,
        filters: list[dict[str, Any]] | None = None,
        next_token: str | None = None,
        max_results: int | None = None,
    ) -> dict[str, Any]:
        """Return all numbers, or those named. A named number that is not on the list is an error."""
        found = self.opt_out_list(opt_out_list_name)
        wanted = sorted({found.get(number).opted_out_number for number in opted_out_numbers or ()})
        numbers, token = self.paginator.page(
            ["opted-out-numbers", found.opt_out_list_arn, wanted, filters],
            wanted or found.numbers,
            filtered(found.get, filters),
            max_results,
            next_token,
        )
        return {
            "OptOutListArn": found.opt_out_list_arn,
            "OptOutListName": found.opt_out_list_name,
            "OptedOutNumbers": numbers,
            "NextToken": token,
        }
