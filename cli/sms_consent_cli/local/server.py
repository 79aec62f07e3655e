"""The server on the AWS port: moto's server for every AWS API, and the stack's own paths."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Thread
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from sms_consent_cli.local.bound_socket import BoundSocket
from sms_consent_cli.local.control import PREFIX, Control
from sms_consent_cli.local.invocations import Invocations
from sms_consent_cli.local.stack import LocalStack

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Server", "application"]


class Server:
    """Serves an application in separate threads."""

    def __init__(self, bound_socket: BoundSocket, app: WSGIApplication) -> None:
        self._server = make_server(
            bound_socket.host,
            bound_socket.port,
            app,
            threaded=True,
            request_handler=_SilentHandler,
            fd=bound_socket.socket.fileno(),
        )
        bound_socket.socket.close()  # the server has a duplicate
        self._thread = Thread(target=self._server.serve_forever, name="aws-port", daemon=True)

    def start(self) -> None:
        """Start answering requests."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting requests."""
        self._server.shutdown()
        self._server.server_close()


class _SilentHandler(MotoRequestHandler):
    """A request handler without a request log: it would bury the functions' logs, and paths can contain numbers."""

    def log_request(self, *_: Any) -> None:
        """Log nothing."""


def application(stack: LocalStack, control: Control) -> WSGIApplication:
    """Route the stack's own paths to ``control``, invocations to the stack's functions, and other requests to moto.

    A request to moto may create work, so it wakes the stack.
    """
    invocations = Invocations(stack)
    aws = DomainDispatcherApplication(create_backend_app)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path == PREFIX or path.startswith(PREFIX + "/"):
            return control(environ, start_response)
        if invocations.serves(environ):
            return invocations(environ, start_response)
        try:
            answer: Iterable[bytes] = aws(environ, start_response)
        finally:
            stack.wake()
        return answer

    return app
