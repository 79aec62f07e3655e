"""The CloudFormation resource ``AWS::SMSVOICE::OptOutList``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.backends import get_backend
from moto.core.common_models import CloudFormationModel

from .opted_out_numbers import OptOutList

if TYPE_CHECKING:
    from . import PinpointSMSVoiceV2Backend

# The model's maximum for OptOutListName; a name made of stack and logical id can be longer.
_LONGEST_NAME = 64


class OptOutListResource(CloudFormationModel):
    """An opt-out list in a template.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-smsvoice-optoutlist.html
    """

    def __init__(self, created: OptOutList) -> None:
        self._list = created

    @property
    def physical_resource_id(self) -> str:
        """Return the name: the value of ``Ref``."""
        return self._list.opt_out_list_name

    def is_created(self) -> bool:
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        return "OptOutListName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SMSVOICE::OptOutList"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

        if attribute_name == "Arn":
            return self._list.arn
        raise UnformattedGetAttTemplateException

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_kwargs: Any,
    ) -> OptOutListResource:
        return _create(_backend(account_id, region_name), resource_name, cloudformation_json["Properties"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> OptOutListResource:
        """Replace the list and its numbers if the name changes, else update its tags in place."""
        backend = _backend(account_id, region_name)
        properties = cloudformation_json["Properties"]
        current: OptOutListResource = original_resource
        with backend.lock:
            # Without a name in the template, `new_resource_name` is newly generated each time.
            if "OptOutListName" in properties and new_resource_name != current.physical_resource_id:
                replacement = _create(backend, new_resource_name, properties)
                backend.delete_opt_out_list(current.physical_resource_id)
                return replacement
            arn = current.get_cfn_attribute("Arn")
            backend.tagger.delete_all_tags_for_resource(arn)
            backend.tagger.tag_resource(arn, properties.get("Tags"))
            return current

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],  # noqa: ARG003  # moto's signature
        account_id: str,
        region_name: str,
    ) -> None:
        backend = _backend(account_id, region_name)
        with backend.lock:
            backend.delete_opt_out_list(resource_name)


def _backend(account_id: str, region_name: str) -> PinpointSMSVoiceV2Backend:
    backends: Any = get_backend("pinpointsmsvoicev2")  # type: ignore[call-overload]  # this package, as it is made known to moto
    backend: PinpointSMSVoiceV2Backend = backends[account_id][region_name]
    return backend


def _create(backend: PinpointSMSVoiceV2Backend, name: str, properties: dict[str, Any]) -> OptOutListResource:
    given: dict[str, Any] = {"OptOutListName": name if "OptOutListName" in properties else name[-_LONGEST_NAME:]}
    if properties.get("Tags") is not None:
        given["Tags"] = properties["Tags"]
    with backend.lock:
        return OptOutListResource(backend.from_template("CreateOptOutList", given))
