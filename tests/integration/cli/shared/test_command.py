"""The command as a whole: its subcommands, its help, and how fast it starts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from integration.local.served import environment, run

from .conftest import Command

COMMANDS = ("local", "explain", "check", "history", "prove", "evaluate")


def test_help_names_every_command(command: Command) -> None:
    """Also when the command is called without any."""
    for result in (command("--help"), command()):
        assert all(f" {name} " in result.output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command: Command, name: str) -> None:
    """In a sentence, with its options."""
    result = command(name, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_local_says_what_opening_it_to_the_network_means(command: Command) -> None:
    """There is no password."""
    assert "without a password" in " ".join(command("local", "--help").output.replace("│", " ").split())


def test_the_command_starts_without_what_only_some_commands_need() -> None:
    """moto, the AWS SDK and the SAM transform cost seconds."""
    heavy = "{'moto', 'boto3', 'botocore', 'samtranslator', 'time_machine', 'phonenumbers', 'pydantic', 'aws_lambda_powertools'}"
    code = f"import sys, sms_consent_cli.main; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603  this interpreter
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_terminal_that_lacks_letters_gets_them_spelt_out() -> None:
    """Such as one that knows ASCII only."""
    done = run("explain", "הסר", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u05d4\\u05e1\\u05e8" in done.stdout
    assert "OPT_OUT" in done.stdout
