"""A socket that is bound before the stack starts."""

from __future__ import annotations

import socket

from sms_consent_cli.local.errors import LocalError

__all__ = ["BoundSocket"]

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  named, to tell clients on this machine another


class BoundSocket:
    """A bound port. Binding first reports a port in use before the seconds that a start takes."""

    def __init__(self, host: str, port: int, *, option: str = "--port") -> None:
        """Bind the port. Raises LocalError if it is in use, or if the address is not one of this machine."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.socket = socket.create_server((host, port), family=family, backlog=128)
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            reason = reason.partition(" (while")[0]  # Python repeats the address
            raise LocalError(f"cannot serve on {host} port {port}: {reason}. {option} 0 takes any free one") from error
        self.host = host
        self.port: int = self.socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Return the URL for clients on this machine."""
        host = EVERYWHERE.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
