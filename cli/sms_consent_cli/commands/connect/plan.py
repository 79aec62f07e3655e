"""The order of steps for switching a sender, in which AWS or the stack honours STOP at every moment. Pure.

Self-managed opt-outs are on only while texts go to the stack's topic and the number uses the stack's list. So they are turned on
last, and turned off before anything else changes. While they are off, AWS honours STOP.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sms_consent_cli.commands.connect.originators import TwoWaySettings

__all__ = ["Step", "TargetSettings", "is_safe", "steps_to_connect", "steps_to_disconnect"]


class Step(StrEnum):
    """A step of a switch."""

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
    """The settings to restore on a sender. None means unchanged."""

    channel: str | None
    two_way: bool | None
    list_name: str
    role: str | None = None


def is_safe(settings: TwoWaySettings, topic: str, list_name: str) -> bool:
    """Return whether STOP is honoured with these settings, by AWS or by the stack."""
    return not settings.self_managed or (settings.sends_to(topic) and settings.list_name == list_name)


def steps_to_connect(now: TwoWaySettings, topic: str, list_name: str) -> list[Step]:
    """Return the remaining steps; none if the number is connected."""
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
    """Return the remaining steps for disconnecting; none if the sender is disconnected."""
    steps = [Step.HAND_BACK] if now.self_managed else []
    if now.list_name != goal.list_name:
        steps += [Step.COPY, Step.LIST, Step.CATCH_UP]
    if goal.two_way is not None and (now.two_way, now.channel) != (goal.two_way, goal.channel):
        steps.append(Step.TWO_WAY)
    return [*steps, Step.FORGET] if remembered else steps
