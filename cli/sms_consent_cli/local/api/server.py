"""Decides how the opt-outs API is spoken to: http and https on one port, told apart by a connection's first byte.

Microsoft's client refuses http unless it is told otherwise; curl is easier without certificates.
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
"""Seconds after which a connection that says nothing is closed."""


class ApiServer:
    """Serves an application in threads of its own."""

    def __init__(self, bound_socket: BoundSocket, app: WSGIApplication, tls: ssl.SSLContext) -> None:
        self._server = _EitherServer(bound_socket, app, tls)
        bound_socket.socket.close()  # the server has a duplicate
        self._thread = Thread(target=self._server.serve_forever, name="api-port", daemon=True)

    def start(self) -> None:
        """From here on, requests are answered."""
        self._thread.start()

    def stop(self) -> None:
        """No further request is taken."""
        self._server.shutdown()
        self._server.server_close()


class _EitherServer(ThreadedWSGIServer):
    def __init__(self, bound_socket: BoundSocket, app: WSGIApplication, tls: ssl.SSLContext) -> None:
        super().__init__(bound_socket.host, bound_socket.port, app, handler=_Quiet, fd=bound_socket.socket.fileno())
        self._tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread, so that a client that says nothing holds up nobody."""
        connection: socket.socket = request
        connection.settimeout(SILENCE)
        try:
            if connection.recv(1, socket.MSG_PEEK) != HANDSHAKE:
                super().finish_request(connection, client_address)
                return
            with self._tls.wrap_socket(connection, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except OSError:
            return  # gone, silent, or without trust in the certificate: its own business


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept open, as API Gateway keeps them

    def log(self, *_: Any) -> None:
        """Paths hold numbers; ApiFunction logs what may be logged."""
