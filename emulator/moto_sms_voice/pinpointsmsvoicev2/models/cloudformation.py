"""The CloudFormation resources ``AWS::SMSVOICE::…``, made with the API's own operations and checks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SMSVOICE.html. ``ProtectConfiguration`` is not
implemented, as its operations are not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from moto.backends import get_backend
from moto.core.common_models import CloudFormationModel

if TYPE_CHECKING:
    from . import PinpointSMSVoiceV2Backend

Properties = dict[str, Any]

# The model's maximum for names of lists and configuration sets; one made of stack and logical id can be longer.
_LONGEST_NAME = 64


class _InTemplate:
    """What the types have in common. A change of a create-only property, or of the name, replaces the resource."""

    attributes: ClassVar[dict[str, str]] = {"Arn": "arn"}
    create_only: ClassVar[tuple[str, ...]] = ()

    def __init__(self, resource: Any, properties: Properties) -> None:
        self.resource = resource
        self.properties = properties

    @property
    def physical_resource_id(self) -> str:
        """Return the value of ``Ref``."""
        identifier: str = self.resource.identifier
        return identifier

    def is_created(self) -> bool:
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

        if attribute_name not in self.attributes:
            raise UnformattedGetAttTemplateException
        return getattr(self.resource, self.attributes[attribute_name])

    # --- of each type

    @staticmethod
    def make(backend: PinpointSMSVoiceV2Backend, name: str, properties: Properties) -> Any:
        raise NotImplementedError

    @staticmethod
    def change(backend: PinpointSMSVoiceV2Backend, resource: Any, properties: Properties) -> None:
        """Apply properties that can be changed, other than tags."""

    @staticmethod
    def remove(backend: PinpointSMSVoiceV2Backend, identifier: str) -> None:
        raise NotImplementedError

    # --- called by moto

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_kwargs: Any
    ) -> Any:
        backend = _backend(account_id, region_name)
        properties = cloudformation_json.get("Properties", {})
        with backend.lock:
            made = cls.make(backend, resource_name, properties)
            cls.change(backend, made, properties)
            return cls(made, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        backend = _backend(account_id, region_name)
        properties = cloudformation_json.get("Properties", {})
        before: _InTemplate = original_resource
        # Without a name in the template, `new_resource_name` is newly generated each time.
        named = cls.cloudformation_name_type() in properties and new_resource_name != before.physical_resource_id
        with backend.lock:
            if named or any(properties.get(each) != before.properties.get(each) for each in cls.create_only):
                replacement = cls.create_from_cloudformation_json(
                    new_resource_name, cloudformation_json, account_id, region_name
                )
                cls.remove(backend, before.physical_resource_id)
                return replacement
            cls.change(backend, before.resource, properties)
            if "Arn" in cls.attributes:  # what has no ARN has no tags
                arn = before.resource.arn
                backend.tagger.delete_all_tags_for_resource(arn)
                backend.tagger.tag_resource(arn, properties.get("Tags"))
            return cls(before.resource, properties)

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
            cls.remove(backend, resource_name)


class OptOutListResource(_InTemplate, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SMSVOICE::OptOutList"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "OptOutListName"

    @staticmethod
    def make(backend: PinpointSMSVoiceV2Backend, name: str, properties: Properties) -> Any:
        given = {"OptOutListName": _name(name, "OptOutListName", properties), **_chosen(properties, "Tags")}
        return backend.from_template("CreateOptOutList", given)

    @staticmethod
    def remove(backend: PinpointSMSVoiceV2Backend, identifier: str) -> None:
        backend.delete_opt_out_list(identifier)


class PhoneNumberResource(_InTemplate, CloudFormationModel):
    """A phone number. Its message type is no property; which one AWS chooses is not documented."""

    attributes: ClassVar[dict[str, str]] = {
        "Arn": "arn",
        "PhoneNumber": "phone_number",
        "PhoneNumberId": "phone_number_id",
    }
    create_only: ClassVar[tuple[str, ...]] = ("IsoCountryCode", "NumberCapabilities", "NumberType")

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SMSVOICE::PhoneNumber"

    @staticmethod
    def make(backend: PinpointSMSVoiceV2Backend, name: str, properties: Properties) -> Any:  # noqa: ARG004
        given = _chosen(properties, "IsoCountryCode", "NumberCapabilities", "NumberType", "Tags")
        return backend.from_template("RequestPhoneNumber", {"MessageType": "TRANSACTIONAL", **given})

    @staticmethod
    def change(backend: PinpointSMSVoiceV2Backend, resource: Any, properties: Properties) -> None:
        given = {"PhoneNumberId": resource.identifier, **_settings(properties)}
        backend.from_template("UpdatePhoneNumber", given)
        _put_keywords(backend, resource, properties)

    @staticmethod
    def remove(backend: PinpointSMSVoiceV2Backend, identifier: str) -> None:
        backend.release_phone_number(identifier)


class PoolResource(_InTemplate, CloudFormationModel):
    """A pool. Its first origination identity must be a phone number; the others join before its settings are applied."""

    attributes: ClassVar[dict[str, str]] = {"Arn": "arn", "PoolId": "pool_id"}

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SMSVOICE::Pool"

    @staticmethod
    def make(backend: PinpointSMSVoiceV2Backend, name: str, properties: Properties) -> Any:  # noqa: ARG004
        first = backend.phone_number(properties["OriginationIdentities"][0], "OriginationIdentities")
        given = {"OriginationIdentity": first.arn, "MessageType": first.message_type, **_chosen(properties, "Tags")}
        return backend.from_template("CreatePool", given)

    @staticmethod
    def change(backend: PinpointSMSVoiceV2Backend, resource: Any, properties: Properties) -> None:
        wanted, present = set(properties["OriginationIdentities"]), {each.arn for each in backend.members_of(resource)}
        for arn in sorted(wanted - present):
            backend.associate_origination_identity(resource.identifier, arn)
        for arn in sorted(present - wanted):
            backend.disassociate_origination_identity(resource.identifier, arn)
        given = {**_settings(properties), **_chosen(properties, "SharedRoutesEnabled")}
        backend.from_template("UpdatePool", {"PoolId": resource.identifier, **given})
        _put_keywords(backend, resource, properties)

    @staticmethod
    def remove(backend: PinpointSMSVoiceV2Backend, identifier: str) -> None:
        backend.delete_pool(identifier)


class SenderIdResource(_InTemplate, CloudFormationModel):
    """A sender id. ``Ref`` has both parts of its primary identifier, in the order of the type's schema."""

    create_only: ClassVar[tuple[str, ...]] = ("IsoCountryCode", "SenderId")

    @property
    def physical_resource_id(self) -> str:
        return f"{self.resource.iso_country_code}|{self.resource.sender_id}"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SMSVOICE::SenderId"

    @staticmethod
    def make(backend: PinpointSMSVoiceV2Backend, name: str, properties: Properties) -> Any:  # noqa: ARG004
        return backend.from_template("RequestSenderId", _chosen(properties, "IsoCountryCode", "SenderId", "Tags"))

    @staticmethod
    def change(backend: PinpointSMSVoiceV2Backend, resource: Any, properties: Properties) -> None:  # noqa: ARG004
        resource.deletion_protection_enabled = properties.get("DeletionProtectionEnabled", False)

    @staticmethod
    def remove(backend: PinpointSMSVoiceV2Backend, identifier: str) -> None:
        country, _, sender_id = identifier.partition("|")
        backend.release_sender_id(sender_id, country)


class ConfigurationSetResource(_InTemplate, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SMSVOICE::ConfigurationSet"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "ConfigurationSetName"

    @staticmethod
    def make(backend: PinpointSMSVoiceV2Backend, name: str, properties: Properties) -> Any:
        given = {"ConfigurationSetName": _name(name, "ConfigurationSetName", properties), **_chosen(properties, "Tags")}
        return backend.from_template("CreateConfigurationSet", given)

    @staticmethod
    def change(backend: PinpointSMSVoiceV2Backend, resource: Any, properties: Properties) -> None:
        resource.default_sender_id = properties.get("DefaultSenderId")
        resource.default_message_feedback_enabled = properties.get("MessageFeedbackEnabled")
        resource.destinations.clear()
        for each in properties.get("EventDestinations", []):
            named = {"ConfigurationSetName": resource.identifier, "EventDestinationName": each["EventDestinationName"]}
            given = {name: value for name, value in each.items() if name != "Enabled"}
            backend.from_template("CreateEventDestination", {**named, **given})
            backend.from_template("UpdateEventDestination", {**named, "Enabled": each["Enabled"]})

    @staticmethod
    def remove(backend: PinpointSMSVoiceV2Backend, identifier: str) -> None:
        backend.delete_configuration_set(identifier)


class ResourcePolicyResource(_InTemplate, CloudFormationModel):
    """A resource policy. ``Ref`` is the resource's ARN."""

    attributes: ClassVar[dict[str, str]] = {}
    create_only: ClassVar[tuple[str, ...]] = ("ResourceArn",)

    @property
    def physical_resource_id(self) -> str:
        arn: str = self.resource.resource_arn
        return arn

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SMSVOICE::ResourcePolicy"

    @staticmethod
    def make(backend: PinpointSMSVoiceV2Backend, name: str, properties: Properties) -> Any:  # noqa: ARG004
        given = {"ResourceArn": properties["ResourceArn"], "Policy": json.dumps(properties["PolicyDocument"])}
        return backend.from_template("PutResourcePolicy", given)

    @staticmethod
    def change(backend: PinpointSMSVoiceV2Backend, resource: Any, properties: Properties) -> None:
        backend.put_resource_policy(resource.resource_arn, json.dumps(properties["PolicyDocument"]))

    @staticmethod
    def remove(backend: PinpointSMSVoiceV2Backend, identifier: str) -> None:
        backend.policies.pop(identifier, None)


def _backend(account_id: str, region_name: str) -> PinpointSMSVoiceV2Backend:
    backends: Any = get_backend("pinpointsmsvoicev2")  # type: ignore[call-overload]  # this package, as it is made known to moto
    backend: PinpointSMSVoiceV2Backend = backends[account_id][region_name]
    return backend


def _name(name: str, name_property: str, properties: Properties) -> str:
    return name if name_property in properties else name[-_LONGEST_NAME:]


def _chosen(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if properties.get(name) is not None}


def _settings(properties: Properties) -> Properties:
    """Return the settings of a number or pool as the members of the API's update operations."""
    two_way = {f"TwoWay{name}": value for name, value in properties.get("TwoWay", {}).items()}
    chosen = _chosen(properties, "DeletionProtectionEnabled", "OptOutListName", "SelfManagedOptOutsEnabled")
    return {**two_way, **chosen}


def _put_keywords(backend: PinpointSMSVoiceV2Backend, resource: Any, properties: Properties) -> None:
    """Put the keywords of the template, and delete others."""
    wanted: dict[str, tuple[str, str | None]] = {
        word: (each["Message"], None) for word, each in properties.get("MandatoryKeywords", {}).items()
    }
    wanted |= {
        each["Keyword"].upper(): (each["Message"], each["Action"]) for each in properties.get("OptionalKeywords", [])
    }
    if resource.resource_type == "phone-number" and resource.pool_id:
        return  # the pool's keywords apply
    for word in set(backend.keywords_of(resource)) - set(wanted) - {"HELP", "STOP"}:
        backend.delete_keyword(resource.identifier, word)
    for word, (message, action) in wanted.items():
        given = {"OriginationIdentity": resource.identifier, "Keyword": word, "KeywordMessage": message}
        backend.from_template("PutKeyword", {**given, **({"KeywordAction": action} if action else {})})
