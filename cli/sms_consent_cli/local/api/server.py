"""The API's server: http and https on one port, told apart by the first byte of a connection.

Microsoft's client refuses http by default; curl is easier to use without certificates.
"""

from __future__ import annotations

import socket
import ssl
from threading import Thread
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from sms_consent_cli.local.bound_socket import BoundSocket

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["ApiServer"]

HANDSHAKE = b"\x16"
"""The type of the first record of a TLS connection (RFC 8446, section 5.1); no HTTP method starts with it."""
SILENCE = 60
"""Seconds after which an idle connection is closed."""


class ApiServer:
    """Serves an application in separate threads."""

    def __init__(self, bound_socket: BoundSocket, app: WSGIApplication, tls: ssl.SSLContext) -> None:
        self._server = _EitherServer(bound_socket, app, tls)
        bound_socket.socket.close()  # the server has a duplicate
        self._thread = Thread(target=self._server.serve_forever, name="api-port", daemon=True)

    def start(self) -> None:
        """Start answering requests."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting requests."""
        self._server.shutdown()
        self._server.server_close()


class _EitherServer(ThreadedWSGIServer):
    def __init__(self, bound_socket: BoundSocket, app: WSGIApplication, tls: ssl.SSLContext) -> None:
        super().__init__(
            bound_socket.host, bound_socket.port, app, handler=_SilentHandler, fd=bound_socket.socket.fileno()
        )
        self._tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Run the TLS handshake in the connection's thread, so that an idle client blocks no other."""
        connection: socket.socket = request
        connection.settimeout(SILENCE)
        try:
            if connection.recv(1, socket.MSG_PEEK) != HANDSHAKE:
                super().finish_request(connection, client_address)
                return
            with self._tls.wrap_socket(connection, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except OSError:
            return  # disconnected, idle, or it does not trust the certificate


class _SilentHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keep connections open, as API Gateway does

    def log(self, *_: Any) -> None:
        """Log nothing: paths contain phone numbers. ApiFunction writes its own log."""
