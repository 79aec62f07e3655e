"""The moto backend for AWS End User Messaging SMS. ``install()`` registers it in moto; the import alone has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .extension.models import ControlledBackend

__all__ = ["backend", "install"]

_SERVICE = "pinpointsmsvoicev2"


def install() -> None:
    """Make moto answer for ``pinpoint-sms-voice-v2``; calling it again changes nothing.

    moto has no plugin mechanism. It finds a backend by importing ``moto.<service>`` and by the URL patterns of
    ``moto.backend_index``, a list that is changed in place because moto's server holds a reference to it. Call this
    before ``mock_aws`` starts, and before a server takes its first request.
    """
    import re
    import sys

    from moto import backend_index
    from moto.moto_api._internal import urls as moto_api_urls

    from . import pinpointsmsvoicev2
    from .extension import urls
    from .extension.models import ControlledBackend
    from .pinpointsmsvoicev2 import models

    # Both names are the same module objects, so that `moto.pinpointsmsvoicev2.models` holds no second state.
    sys.modules[f"moto.{_SERVICE}"] = pinpointsmsvoicev2
    sys.modules[f"moto.{_SERVICE}.models"] = models

    models.pinpointsmsvoicev2_backends.backend = ControlledBackend
    if all(service != _SERVICE for service, _ in backend_index.backend_url_patterns):
        backend_index.backend_url_patterns.extend((_SERVICE, re.compile(base)) for base in urls.url_bases)
    moto_api_urls.url_paths.update(urls.control_paths)

    # moto caches the known resource types, and may have parsed a template already.
    parsing = sys.modules.get("moto.cloudformation.parsing")
    if parsing is not None:
        for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
            cached.cache_clear()


def backend(account_id: str = "123456789012", region: str = "us-east-1") -> ControlledBackend:
    """Return the backend of an account in a region, with its controls. Call ``install()`` before."""
    from .extension.models import backend_of

    return backend_of(account_id, region)
