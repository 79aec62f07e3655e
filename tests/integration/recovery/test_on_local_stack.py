"""Re-creation and restore with the real functions, queue, stream and schedules of the local stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_no_opt_out_is_lost_when_a_stack_is_created_again_or_a_ledger_restored() -> None:
    """The functions find what was recorded before, and reconcile and ``ledger prepare`` what a restore has lost."""
    early, late, waiting = (f"+1425555018{digit}" for digit in (1, 2, 3))
    script = Path(__file__).with_name("on_local_stack.py")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(  # noqa: S603  a script of ours
        [sys.executable, str(script)], env=kept, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["recreated"] == {
        "listed": [early, waiting],
        "statuses": {early: "OPTED_OUT", late: "UNKNOWN", waiting: "OPT_IN_PENDING"},
    }
    assert found["lifted"] == "OPTED_IN"
    assert found["table"] == "restored"
    assert found["restored"] == {
        "listed": [early, late, waiting],
        "statuses": {early: "OPTED_OUT", late: "OPTED_OUT", waiting: "OPTED_OUT"},
    }
    assert found["problems"] == []
