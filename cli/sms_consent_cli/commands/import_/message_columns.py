"""The columns of a message log: who texted, when, in which direction, and what.

Sources of the headings. Twilio: Direction, From, To, Body, DateSent of a Message
(twilio.com/docs/messaging/api/message-resource), SentDate of the Console's export. Plivo: message_direction, from_number,
to_number, message_time (plivo.com/docs/messaging/api). Vonage: direction, from, to, message_body, date_received
(developer.vonage.com/en/api/reports). AWS: originationNumber, destinationNumber, messageBody of a two-way SMS payload, which
has no direction (user guide of AWS End User Messaging SMS).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_consent_cli.commands.import_.columns import Column, Columns, listed, place_of
from sms_consent_cli.commands.import_.heading import heading_key
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["INBOUND", "OUTBOUND", "message_columns"]

_NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.NUMBER: (
        "from", "from_number", "from_phone", "from_phone_number", "from_address", "sender", "sender_number", "sender_phone",
        "source_number", "source_address", "origination_number", "origination_phone_number", "originator", "msisdn",
        "phone_number", "phone", "mobile", "number",
    ),
    Column.TEXTED: (
        "to", "to_number", "to_phone", "to_phone_number", "to_address", "recipient", "destination", "destination_number",
        "destination_phone_number", "destination_address", "service_number", "did",
    ),
    Column.TIME: (
        "date_received", "received_at", "received_date", "received_time", "date_sent", "sent_date", "sent_at", "sent_time",
        "message_time", "message_date", "timestamp", "date_time", "datetime", "time", "date", "date_created", "created_at",
        "created_date",
    ),
    Column.DIRECTION: ("direction", "message_direction", "sms_direction", "traffic_direction"),
    Column.COUNTRY: ("country", "country_code"),
    Column.LIST: ("opt_out_list", "opt_out_list_name"),
}  # fmt: skip
"""By meaning, the best heading first."""

INBOUND = frozenset({"inbound", "incoming", "in", "received", "mo", "mobile_originated", "inbound_api"})
OUTBOUND = frozenset(
    {
        "outbound",
        "outgoing",
        "out",
        "sent",
        "mt",
        "mobile_terminated",
        "outbound_api",
        "outbound_call",
        "outbound_reply",
    }
)
"""The words of a direction. Twilio: inbound, outbound-api, outbound-call and outbound-reply."""


def message_columns(headings: Sequence[str], chosen: Mapping[Column, str]) -> Columns:
    """Return the columns of a message log, recognised by their headings. Raises UsageError if an option must name one."""
    names = [heading_key(each) for each in headings]
    places: dict[Column, int] = {Column.TEXT: place_of(chosen[Column.TEXT], names, Column.TEXT)}
    for column, known in _NAMES.items():
        if column in chosen:
            places[column] = place_of(chosen[column], names, column)
            continue
        found = sorted((known.index(name), place) for place, name in enumerate(names) if name in known)
        if found:
            places[column] = found[0][1]
    for column, what in ((Column.NUMBER, "the numbers that texted"), (Column.TIME, "the times of the texts")):
        if column not in places:
            raise UsageError(
                f"no heading is known for {what}: give --{column}-column NAME. The headings are {listed(headings)}"
            )
    for column in (Column.STATUS, Column.END_USER, Column.OPT_IN_TIME, Column.REASON):
        if column in chosen:
            raise UsageError(f"--{column}-column is not for message logs: what a text asks for follows from its words")
    if Column.SOURCE in chosen:
        places[Column.SOURCE] = place_of(chosen[Column.SOURCE], names, Column.SOURCE)
    return Columns(places, tuple(headings), len(headings), None, decided_by_user=True)
