"""``AWS::SecretsManager::Secret`` with a generated value, which moto's CloudFormation lacks.

Importing this module registers it: moto collects all such models when it first creates a stack.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends

__all__ = ["GeneratedSecret"]


class GeneratedSecret(CloudFormationModel):
    """A secret created by a template."""

    def __init__(self, arn: str) -> None:
        self.arn = arn

    @property
    def physical_resource_id(self) -> str:
        """Return the ARN, the value of ``Ref``."""
        return self.arn

    def is_created(self) -> bool:
        """Return True: creation is immediate."""
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the name property."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the type's name in a template."""
        return "AWS::SecretsManager::Secret"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> GeneratedSecret:
        """Create the secret, with the generated string inserted into its template as in CloudFormation."""
        backend = secretsmanager_backends[account_id][region_name]
        properties = cloudformation_json["Properties"]
        answer = backend.create_secret(
            name=resource_name,
            secret_string=_generated(backend, properties["GenerateSecretString"]),
            secret_binary=None,
            description=properties.get("Description"),
            tags=[],
            kms_key_id=properties.get("KmsKeyId"),
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(json.loads(answer)["ARN"])


def _generated(backend: SecretsManagerBackend, wanted: dict[str, Any]) -> str:
    answer = backend.get_random_password(
        password_length=int(wanted.get("PasswordLength", 32)),
        exclude_characters=wanted.get("ExcludeCharacters", ""),
        exclude_numbers=False,
        exclude_punctuation=wanted.get("ExcludePunctuation") in (True, "true"),
        exclude_uppercase=False,
        exclude_lowercase=False,
        include_space=False,
        require_each_included_type=True,
    )
    generated: str = json.loads(answer)["RandomPassword"]
    template = json.loads(wanted["SecretStringTemplate"])
    return json.dumps({**template, wanted["GenerateStringKey"]: generated})
