"""`sms-consent local EVENT.json`: runs the events and prints the results."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from sms_consent_cli.local.assembly import assemble
from sms_consent_cli.local.demo_numbers import DEFAULT
from sms_consent_cli.local.event_files import EventFile
from sms_consent_cli.local.log import log_to
from sms_consent_cli.local.report import show
from sms_consent_cli.local.run_event import run_event
from sms_consent_cli.shared.terminal import console

__all__ = ["run_files"]


def run_files(files: Sequence[EventFile], template: Path, parameters: Mapping[str, str], *, logs: bool) -> int:
    """Run the events and print the result of each text. Return 1 if any could not be processed. Raises LocalError."""
    # The functions log to standard output, as on Lambda; here standard output is for the results.
    written = io.StringIO()
    log_to(sys.stderr if logs else written)
    with redirect_stdout(sys.stderr if logs else written):
        local = assemble(template, parameters, [DEFAULT, *_destinations(files)])
        results = [(file.name, run_event(local, file)) for file in files]
    show(console(), results)
    return int(any(result.problem is not None for _, of_file in results for result in of_file))


def _destinations(files: Sequence[EventFile]) -> list[str]:
    """Return the destination numbers of the events."""
    found = [record.text.destination for file in files for record in file.records if record.text is not None]
    return list(dict.fromkeys(found))
