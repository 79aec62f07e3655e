"""The options ``--carry`` and ``--forget`` of commands that may change a sender's list."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["CarryOption", "ForgetOption"]

CarryOption = Annotated[
    bool, typer.Option("--carry", help="Copy the opt-outs and waiting opt-ins of the old list to the new one.")
]
ForgetOption = Annotated[
    bool, typer.Option("--forget", help="Leave them behind: texts may reach people who asked for none.")
]
