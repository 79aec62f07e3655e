"""Decides in which order a number changes hands, so that at each moment somebody honours STOP; pure.

Self-managed opt-outs are on only while texts go to the stack's topic and the number obeys the stack's list. So they are
switched on last, switched off first, and switched off before anything else changes. Until then AWS itself honours STOP.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sms_consent_cli.commands.connect.originators import TwoWaySettings

__all__ = ["Step", "TargetSettings", "is_safe", "steps_to_connect", "steps_to_disconnect"]


class Step(StrEnum):
    """What may have to be done."""

    TRIAL = "TRIAL"
    HAND_BACK = "HAND_BACK"
    REMEMBER = "REMEMBER"
    TWO_WAY = "TWO_WAY"
    COPY = "COPY"
    LIST = "LIST"
    CATCH_UP = "CATCH_UP"
    SELF_MANAGED = "SELF_MANAGED"
    FORGET = "FORGET"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """Where a number is to end. None: as it is."""

    channel: str | None
    two_way: bool | None
    list_name: str
    role: str | None = None


def is_safe(settings: TwoWaySettings, topic: str, list_name: str) -> bool:
    """Whether somebody honours STOP, given that the stack hears its topic and writes to its list."""
    return not settings.self_managed or (settings.sends_to(topic) and settings.list_name == list_name)


def steps_to_connect(now: TwoWaySettings, topic: str, list_name: str) -> list[Step]:
    """What is left to do; nothing, if the number is connected."""
    steps: list[Step] = []
    ready = now.sends_to(topic) and now.list_name == list_name
    if ready and now.self_managed:
        return steps
    steps += [Step.TRIAL, Step.REMEMBER]
    if now.self_managed:
        steps.append(Step.HAND_BACK)
    if not now.sends_to(topic):
        steps.append(Step.TWO_WAY)
    if now.list_name != list_name:
        steps += [Step.COPY, Step.LIST, Step.CATCH_UP]
    return [*steps, Step.SELF_MANAGED]


def steps_to_disconnect(now: TwoWaySettings, goal: TargetSettings, *, remembered: bool) -> list[Step]:
    """The same, backwards."""
    steps = [Step.HAND_BACK] if now.self_managed else []
    if now.list_name != goal.list_name:
        steps += [Step.COPY, Step.LIST, Step.CATCH_UP]
    if goal.two_way is not None and (now.two_way, now.channel) != (goal.two_way, goal.channel):
        steps.append(Step.TWO_WAY)
    return [*steps, Step.FORGET] if remembered else steps
