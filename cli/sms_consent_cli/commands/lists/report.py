"""The output of `lists`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from rich.table import Table
from rich.text import Text as Styled

from sms_consent_cli.commands.lists.creation import CreatedList
from sms_consent_cli.commands.lists.service import Count, ListDescription, ListSummary
from sms_consent_cli.shared.terminal import console
from sms_consent_cli.shared.terminal_text import isolated, visible

__all__ = ["counting", "show_created", "show_known", "show_list"]

_SCOPES = {"SENDER": "the list of the sender", "GROUP": "every list of its group", "ALL": "all lists"}


def show_known(known: Sequence[ListSummary], scopes: tuple[str, str] | None) -> None:
    """Print the known lists, and how far opt-outs and opt-ins count."""
    out = console()
    if not known:
        out.print('No list is registered: "senders set" and "lists set" register one.')
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("list", "group"):
        table.add_column(name, overflow="fold")
    table.add_column("senders", justify="right")
    table.add_column("", overflow="fold")
    for each in known:
        table.add_row(_shown(each.name), _shown(each.group or ""), str(len(each.senders)), _remark(each))
    out.print(table)
    if scopes is not None:
        opt_out, opt_in = scopes
        out.print(
            f"\nAn opt-out counts for {_SCOPES.get(opt_out, opt_out)}, an opt-in for {_SCOPES.get(opt_in, opt_in)}."
        )


def _remark(known: ListSummary) -> Styled:
    if known.writable is False:
        return Styled("missing from AdditionalOptOutListArns", style="yellow")
    return Styled("the stack's own" if known.own else "", style="dim")


def show_created(created: CreatedList) -> None:
    """Print the list, and what to do next."""
    out = console()
    out.print(f"{created.name} {'is created' if created.new else 'already exists, and is unchanged'}")
    out.print(created.arn, soft_wrap=True)
    if created.new:
        out.print(
            "\nTo use it as a stack's own list, give its ARN as ExistingOptOutListArn. For some senders, add the ARN to "
            'AdditionalOptOutListArns and run "sms-consent senders set".',
            style="dim",
        )


def show_list(described: ListDescription, counted: Count | None) -> None:
    """Print one block."""
    found, here = described.found, described.here
    rows: list[tuple[str, str | None]] = [
        ("list", found.name),
        ("ARN", found.arn),
        ("created", f"{found.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"),
        ("shared", "by another account" if found.shared else None),
        ("used by", ", ".join(described.used_by) or "no number or pool of this account"),
    ]
    if here is not None:
        rows += [
            ("here", "the stack's own list" if here.own else None),
            ("group", here.group),
            ("senders", ", ".join(here.senders) or "none"),
            ("functions", _permission(here)),
        ]
    if counted is not None:
        rows.append(("numbers", f"{counted.total}, {counted.end_user} of them added by AWS's own keyword handling"))
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(style="dim", no_wrap=True)
    block.add_column(overflow="fold")
    for name, value in rows:
        if value is not None:
            block.add_row(name, _shown(value))
    console().print(block)


def _shown(value: str) -> str:
    return isolated(visible(value))


def _permission(here: ListSummary) -> str | None:
    if here.writable is None:
        return None
    return "may write to it" if here.writable else "may not write to it: it is missing from AdditionalOptOutListArns"


def counting(total: int) -> None:
    """Show the progress of a count in a terminal: it takes a second for a hundred numbers."""
    out = console(stderr=True)
    if out.is_terminal:
        out.print(f"counted {total}", end="\r", highlight=False)
