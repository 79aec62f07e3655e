"""Does a built artefact hold what its handlers import? `sam build` succeeds without dependencies, so its exit code says little.

Usage: check_artefact.py BUILD_DIRECTORY arm64|x86_64, with the Python version of the functions' runtime.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REQUIRED = ("aws_lambda_powertools", "botocore", "pydantic", "sms_consent")
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# With neither site-packages nor the checkout on the path: only what was built can be found.
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); import importlib; importlib.import_module(sys.argv[2])"


def problems(function: Path, handlers: list[str], architecture: str) -> list[str]:
    """What is wrong with one function's artefact."""
    found = [f"{function.name}: {name} is missing" for name in REQUIRED if not (function / name).is_dir()]
    machine = MACHINES[architecture]
    for library in function.rglob("*.so"):
        if machine not in library.name and "linux" in library.name:
            found.append(f"{function.name}: {library.name} is not for {architecture}")
    for wheel in function.glob("*.dist-info/WHEEL"):
        for tag in re.findall(r"^Tag: (.*)$", wheel.read_text(), re.MULTILINE):
            if "linux" in tag and machine not in tag:
                found.append(f"{function.name}: {wheel.parent.name} has the tag {tag}")
    if architecture == "x86_64":
        for handler in handlers:
            module = handler.rpartition(".")[0]
            run = subprocess.run([sys.executable, "-I", "-S", "-c", IMPORT, str(function), module], check=False)
            if run.returncode:
                found.append(f"{function.name}: {module} cannot be imported from the artefact")
    return found


def main() -> int:
    build, architecture = Path(sys.argv[1]), sys.argv[2]
    template = (build / "template.yaml").read_text()
    handlers = re.findall(r"^\s+Handler: (\S+)$", template, re.MULTILINE)
    functions = sorted(path for path in build.iterdir() if path.is_dir())
    if not functions or not handlers:
        print("nothing was built")
        return 1
    found = [problem for function in functions for problem in problems(function, handlers, architecture)]
    print("\n".join(found) or f"{architecture}: {len(functions)} functions, {len(handlers)} handlers: complete")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
