"""URLs of the service, and of the control paths for tests."""

from __future__ import annotations

from ..pinpointsmsvoicev2.urls import url_bases
from . import control
from .requests import handle

__all__ = ["control_paths", "url_bases", "url_paths"]

url_paths = {"{0}/$": handle}

# Beside moto's own `/moto-api/static/...`; no AWS service has such paths.
control_paths = {f"{{0}}/moto-api/pinpointsmsvoicev2/{path}$": handler for path, handler in control.HANDLERS.items()}
