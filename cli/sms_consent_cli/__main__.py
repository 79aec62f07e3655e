"""Entry point of `sms-consent` and of `python -m sms_consent_cli`."""

from __future__ import annotations

import sys

__all__ = ["main"]

OURS = {"sms_consent", "sms_consent_cli"}


def main() -> None:
    """Run the command. If packages of the `cli` extra are missing, print how to install them and exit with code 2."""
    try:
        from sms_consent_cli.main import app

        app()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in OURS:
            raise
        sys.exit(_missing(missing))


def _missing(module: str) -> int:
    sys.stderr.write(
        f"sms-consent: the Python package {module} is not installed. The command needs an extra:\n"
        '    pip install "sms-consent[cli]"\n'
    )
    return 2


if __name__ == "__main__":
    main()
