"""`sms-consent opt-out` and `opt-in`: record requests that people made to a support agent. Functions make the list calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from sms_consent.domain.decision import Asked
from sms_consent_cli.shared.options import STACK, AsJson, Country, Number, Stack, number_of
from sms_consent_cli.shared.terminal_text import say, say_json, visible

if TYPE_CHECKING:
    from sms_consent.domain.consent import Consent
    from sms_consent.recording.channel_requests import ChannelRequests, Result
    from sms_consent_cli.shared.command_context import CommandContext

__all__ = ["opt_in", "opt_out"]

SUPERSEDED, UNANSWERED = 1, 3
_EXITS = {"SUPERSEDED": SUPERSEDED, "FAILED": UNANSWERED, "REJECTED": UNANSWERED}
ENDLESS = datetime.max.replace(tzinfo=UTC)
THROUGH = "cli"

_CHANNEL = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_REFERENCE = re.compile(r"[ -~]{1,200}", re.ASCII)
_BY = re.compile(r"[!-~]([ -~]{0,198}[!-~])?", re.ASCII)

List = Annotated[
    str | None, typer.Option("--list", help="The opt-out list: its name, or its ARN if another account shares it.")
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="SENDER", help="The sender that the request is about. Default: the stack's own list."
    ),
]
Channel = Annotated[str | None, typer.Option(help='How the person asked: "phone", "e-mail", "letter".')]
Reference = Annotated[str | None, typer.Option(help="Your reference, such as a ticket id. Not a phone number or text.")]
By = Annotated[str | None, typer.Option(help="Who took the request. Default: your AWS identity.")]


def opt_out(
    number: Number,
    opt_out_list: List = None,
    sender: From = None,
    channel: Channel = None,
    reference: Reference = None,
    by: By = None,
    as_json: AsJson = False,
    country: Country = None,
    stack: Stack = STACK,
) -> None:
    """Opt out a person who asked by phone, letter or e-mail. SweepFunction puts the number on the list.

    The request counts as a text would (OptOutScope), at AWS's time, and no text is sent about it. The command waits up to
    90 seconds for the list. AWS_ENDPOINT_URL selects a local stack.

    Exit codes: 0 done, or recorded and due; 1 a newer request applies; 2 bad input; 3 AWS did not respond.
    """
    request = _AgentRequest(
        Asked.OPT_OUT, number_of("opt-out", number, country), opt_out_list, sender, channel, reference, by
    )
    _carry_out("opt-out", request, stack, as_json=as_json)


def opt_in(
    number: Number,
    opt_out_list: List = None,
    sender: From = None,
    channel: Channel = None,
    reference: Reference = None,
    by: By = None,
    as_json: AsJson = False,
    country: Country = None,
    stack: Stack = STACK,
) -> None:
    """Opt in a person who asked for it again. The number is removed from the list once AWS allows it.

    A number can be removed from a list once in 30 days; until then the opt-in is pending. Exit codes as for opt-out.
    """
    request = _AgentRequest(
        Asked.OPT_IN, number_of("opt-in", number, country), opt_out_list, sender, channel, reference, by
    )
    _carry_out("opt-in", request, stack, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _AgentRequest:
    """The request, checked before anything is looked up."""

    asked: Asked
    number: str
    list_name: str | None
    sender: str | None
    channel: str | None
    reference: str | None
    by: str | None

    def check(self) -> None:
        """Raise UsageError if an option is invalid."""
        from sms_consent_cli.shared.usage_error import UsageError

        if self.list_name is not None and self.sender is not None:
            raise UsageError("give --list or --from, not both")
        for option, value, pattern, takes in (
            ("--channel", self.channel, _CHANNEL, "lower-case letters, digits and -, as phone"),
            ("--reference", self.reference, _REFERENCE, "up to 200 printable ASCII characters, as CASE-17"),
            ("--by", self.by, _BY, "up to 200 printable ASCII characters, as alice"),
        ):
            if value is not None and not pattern.fullmatch(value):
                raise UsageError(f"{option} takes {takes}")


def _carry_out(command: str, agent_request: _AgentRequest, stack: str, *, as_json: bool) -> None:
    from sms_consent.recording.channel_requests import Request, RequestOutcome, UnknownSender
    from sms_consent.recording.idempotency import RequestKey
    from sms_consent_cli.shared.command_context import CommandContext
    from sms_consent_cli.shared.deployment import Deployment
    from sms_consent_cli.shared.ledger_access import report_aws_errors
    from sms_consent_cli.shared.usage_error import UsageError, report_usage_errors

    with report_aws_errors(command), report_usage_errors(command):
        agent_request.check()
        context = CommandContext(Deployment(stack))
        requests = _channel_requests(context, agent_request)
        request = Request(
            asked=agent_request.asked,
            sender=agent_request.sender or "",
            recipients=(agent_request.number,),
            request_key=RequestKey(
                actor=agent_request.by or context.caller,
                content=agent_request.asked,
                once=uuid4().hex,
                client_id=None,
                signature=None,
            ),
            channel=agent_request.channel,
            reference=agent_request.reference,
        )
        try:
            (result,) = requests.ask(request, sync_until=ENDLESS)
        except UnknownSender:
            raise UsageError(
                "this sender has no settings, and UnknownSenders=REFUSE: see sms-consent senders, or give --list"
            ) from None
        if result.outcome is RequestOutcome.INVALID:
            raise UsageError("a number has a country code and seven to fifteen digits in all, as +14255550182")
        left: list[str] = []
        if result.consent is not None:
            result, left = _followed(context, agent_request, request.request_key.identity, result, silent=as_json)
    if as_json:
        say_json(_view(agent_request, result, left))
    else:
        say(_summary(agent_request.number, agent_request.asked, result, left))
    raise typer.Exit(_EXITS.get(result.outcome.value, 0))


def _followed(
    context: CommandContext, agent_request: _AgentRequest, decision_id: str, result: Result, *, silent: bool
) -> tuple[Result, list[str]]:
    """Have SweepFunction update the lists for this decision, and wait.

    Returns the current result, and the lists that are not updated. A failure here does not affect what is recorded.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from sms_consent.domain.errors import ConsentError
    from sms_consent.recording.channel_requests import result_of
    from sms_consent_cli.shared.progress import waiting
    from sms_consent_cli.shared.sweep_invoker import is_open

    def look() -> list[Consent]:
        return [each for each in context.queries.consents(agent_request.number) if each.decided_by == decision_id]

    own = result.consent
    left = [own] if own is not None and is_open(own) else []
    with waiting("recorded; waiting for the opt-out list", silent=silent) as notice:
        try:
            left = context.sweep.follow(look, notice)
            if own is not None and (now := context.ledger.consent(agent_request.number, own.list_name)) is not None:
                result = result_of(result.recipient, agent_request.asked, now)
        except (ConsentError, BotoCoreError, ClientError) as error:
            notice(f"the ledger could not be read again ({type(error).__name__})")
    return result, [each.list_name for each in left]


def _channel_requests(context: CommandContext, agent_request: _AgentRequest) -> ChannelRequests:
    """Return the requests for the list that was given, for the sender's list, or for the stack's own list."""
    from sms_consent.adapters.dynamodb.idempotency_store import DynamoIdempotencyStore
    from sms_consent.recording.channel_requests import ChannelRequests
    from sms_consent.recording.idempotency import IdempotentRequests
    from sms_consent_cli.shared.account import Account
    from sms_consent_cli.shared.sender_checks import SenderChecks

    deployment = context.deployment
    own_list: str | None = context.settings.opt_out_list
    senders: Any = context.senders
    if agent_request.list_name is not None:
        account = Account(deployment.sms_voice())
        own_list, _ = SenderChecks(deployment, account).list_name(agent_request.list_name)
        senders = _no_sender
    elif agent_request.sender is None:
        senders = _no_sender
    elif deployment.parameter("UnknownSenders") == "REFUSE":
        own_list = None
    return ChannelRequests(
        ledger=context.ledger,
        recorder=context.recorder,
        idempotency=IdempotentRequests(DynamoIdempotencyStore(deployment.dynamodb(), deployment.table)),
        senders=senders,
        own_list=own_list,
        clock=context.clock.decision_clock(agent_request.asked),
        through=THROUGH,
    )


def _no_sender(_: str) -> None:
    """Return None, as the list is given or is the stack's own, whatever the sender."""


def _view(agent_request: _AgentRequest, result: Result, left: list[str]) -> dict[str, Any]:
    from sms_consent.queries.views import consent_view

    view: dict[str, Any] = {
        "number": agent_request.number,
        "asked": agent_request.asked.value,
        "became": result.outcome.value,
    }
    if result.consent is not None:
        view["consent"] = consent_view(result.consent)
    return view | {"due": left}


def _summary(number: str, asked: Asked, result: Result, left: list[str]) -> str:
    """Describe the result in one to three sentences. ``left`` has the lists that are not updated yet."""
    from sms_consent.domain.consent import Status
    from sms_consent.recording.channel_requests import RequestOutcome

    consent = result.consent
    if result.outcome is RequestOutcome.REJECTED:
        return f"{number}: the ledger rejected the request, so it is not recorded: {result.error}"
    if result.outcome is RequestOutcome.FAILED or consent is None:
        return f"{number}: the ledger did not respond, so the request may not be recorded. Run this again."
    if result.outcome is RequestOutcome.SUPERSEDED:
        status = "opted in" if consent.status is Status.OPTED_IN else "opted out"
        return f"{number}: recorded, but a newer request applies: {status} on {visible(consent.list_name)}."
    if asked is Asked.OPT_OUT:
        return f"{number} is opted out on {visible(consent.list_name)}{_list_state(consent, left)}"
    if consent.status is Status.OPT_IN_PENDING and consent.held_until is not None:
        date = f"{consent.held_until.day} {consent.held_until:%B %Y}"
        why = (
            f"AWS refuses to release the number for now; the next attempt is on {date}."
            if consent.refusal is not None
            else f"a number can be removed from a list once in 30 days, so it is released on {date}."
        )
        return f"{number}: the opt-in is recorded for {visible(consent.list_name)} and pending: {why}"
    return f"{number} is opted in on {visible(consent.list_name)}{_list_state(consent, left)}"


def _list_state(consent: Consent, left: list[str]) -> str:
    if not left and consent.settled:
        return ", and the opt-out list is up to date."
    if not left:
        return '. AWS rejects the number: "sms-consent rejected list" shows the reason. Until then, the recorded request counts.'
    return (
        f". Recorded and due: {', '.join(map(visible, left))} is not updated yet, and SweepFunction keeps trying. "
        "Until then, the recorded request counts."
    )
