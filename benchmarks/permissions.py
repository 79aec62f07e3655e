"""Every permission of every function beside the calls that use it, as tests/integration/policies makes them: a table in Markdown.

``python benchmarks/permissions.py``; exits with 1 if a permission is used by nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import pytest
from support.inbound_function import inbound_function
from support.policies import DONE, enforced, granted

SCENARIOS = Path(__file__).resolve().parents[1] / "tests" / "integration" / "policies" / "test_policies.py"


def _scenarios() -> Any:
    """The tests' own."""
    spec = importlib.util.spec_from_file_location("test_policies", SCENARIOS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Print it."""
    tests = _scenarios()
    unused = False
    sys.stdout.write("| function | action | on | calls |\n|---|---|---|---|\n")
    for function, scenario in sorted(tests.SCENARIOS.items()):
        DONE[function].clear()
        with (
            contextlib.redirect_stdout(io.StringIO()),
            enforced(),
            pytest.MonkeyPatch.context() as patch,
            inbound_function(patch) as inbound,
        ):
            scenario(inbound)
        rows: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for permission in sorted(granted(function)):
            calls = DONE[function][permission]
            platform = tests.BY_THE_PLATFORM.get(permission.action, "")
            rows[
                permission.action, str(calls) if calls else f"the platform: {platform}" if platform else "**none**"
            ].append(permission.resource)
            unused |= not calls and not platform
        for (action, calls_of), resources in rows.items():
            sys.stdout.write(f"| {function} | {action} | {', '.join(resources)} | {calls_of} |\n")
    return 1 if unused else 0


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    sys.exit(main())
