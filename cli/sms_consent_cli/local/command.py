"""`sms-consent local`: its arguments. The implementation is imported when it runs, since moto takes seconds to load."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer

from sms_consent_cli.local.errors import LocalError
from sms_consent_cli.shared.resources import resource_path
from sms_consent_cli.shared.terminal_text import say, visible

__all__ = ["local"]

API_PORT = 4567


def local(
    events: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[EVENT.json]...", help="Events to run; without any, serve."),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(help="SAM template. Default: template.yaml here, or the packaged one."),
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A template parameter; may be repeated.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of all AWS APIs; 0 for any free port.")] = 4566,
    api_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port of the opt-outs API, for http and https; 0 for any free port.",
            show_default="4567, or any free port with --port 0",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to serve on. 0.0.0.0 gives the whole network access without a password.")
    ] = "127.0.0.1",
    number: Annotated[
        list[str] | None,
        typer.Option(metavar="+E164", help="An additional number or rcs-… agent of yours that people can text."),
    ] = None,
    access_key: Annotated[
        str | None, typer.Option(metavar="BASE64", help="Access key of the opt-outs API. Default: a generated one.")
    ] = None,
    logs: Annotated[bool, typer.Option("--logs", help="Also show the functions' logs when running events.")] = False,
) -> None:
    """Run the whole stack in this process: with events, or as a service until Ctrl-C.

    Nothing leaves the process, and no AWS account is needed. With events, prints the result of each text and exits
    with 1 if any could not be processed. Without, prints one line of JSON when ready. Logs go to standard error.
    """
    from sms_consent_cli.local.aws_environment import isolate, read_service_models_once
    from sms_consent_cli.local.bound_socket import BoundSocket
    from sms_consent_cli.local.event_files import read_event

    try:
        parameters = _parameters(parameter or [])
        _check_key(access_key)
        files = [read_event(_event(path)) for path in events or ()]
        aws_socket = None if files else BoundSocket(host, port)
        api_socket = None if files else BoundSocket(host, _api_port(api_port, port), option="--api-port")
        isolate()
        read_service_models_once()
        if aws_socket is None or api_socket is None:
            from sms_consent_cli.local.run import run_files

            raise typer.Exit(run_files(files, _template(template), parameters, logs=logs))
        from sms_consent_cli.local.service import serve

        serve(
            _template(template),
            parameters,
            aws_socket,
            api_socket=api_socket,
            access_key=access_key,
            numbers=number or [],
        )
    except LocalError as error:
        say(f"sms-consent local: {visible(str(error))}", err=True)
        raise typer.Exit(2) from error


def _api_port(chosen: int | None, port: int) -> int:
    if chosen is not None:
        return chosen
    return API_PORT if port else 0


def _template(chosen: Path | None) -> Path:
    if chosen is not None:
        return chosen
    here = Path("template.yaml")
    return here if here.exists() else resource_path("template.yaml")


def _event(path: Path) -> Path:
    """Return the path of an event file; `events/NAME.json` means a sample event where there is no such file."""
    if path.exists() or path.parts[:-1] != ("events",):
        return path
    sample = resource_path(str(path))
    return sample if sample.exists() else path


def _parameters(given: list[str]) -> dict[str, str]:
    parameters = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise LocalError("--parameter takes KEY=VALUE, such as --parameter Brand=Example")
        parameters[name] = value
    return parameters


def _check_key(key: str | None) -> None:
    try:
        if key is not None and not base64.b64decode(key, validate=True):
            raise LocalError("--access-key takes a key in base64")
    except ValueError as error:
        raise LocalError("--access-key takes a key in base64") from error
