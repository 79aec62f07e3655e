"""The modules that NotifyFunction imports at a cold start."""

from __future__ import annotations

import subprocess
import sys

from support.template import REPOSITORY


def test_it_loads_neither_a_validation_library_nor_the_rules_of_texts() -> None:
    """Each of these takes longer to load than all of the function's own code."""
    listing = "import handlers.notify, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", listing], cwd=REPOSITORY / "functions", capture_output=True, text=True, check=True
    ).stdout.split()
    assert "sms_consent.publishing.batch" in loaded
    heavy = {"pydantic", "phonenumbers", "boto3", "jsonschema", "sms_consent.intent", "sms_consent.sync.sync"}
    assert heavy.isdisjoint(loaded)
