"""Files of subscribers, as people export them: none of their people is opted out without being asked for."""

from __future__ import annotations

import pytest
from support.moving import Moving
from support.world import PERSON

OTHER = "+14255550183"
AS_OF = ("--as-of", "2025-06-01")

REFUSED = {
    "a flag without its meaning": f"phone,active\n{PERSON},true\n{OTHER},false\n",
    "an account's status beside a flag": f"phone,status,text_ok\n{PERSON},active,no\n{OTHER},active,yes\n",
    "opt-in dates": f"phone,opt_in_date\n{PERSON},2025-03-01\n",
    "a column of subscribers": f"subscribers\n{PERSON}\n{OTHER}\n",
    "a column of opted-in numbers": f"opted_in_numbers\n{PERSON}\n{OTHER}\n",
    "a list": f"phone,list\n{PERSON},Newsletter\n",
    "a preference": f"phone,preference\n{PERSON},SMS\n{OTHER},none\n",
    "Vibes' current subscribers": f"mdn\tperson_id\tcarrier_code\tmdn_e164_format\n4255550182\tp\tc\t{PERSON}\n",
    "a permission": f"phone,marketing permission\n{PERSON},granted\n{OTHER},revoked\n",
    "keywords": f"phone,keyword,date\n{PERSON},STOP,2025-03-01\n{OTHER},START,2025-03-01\n",
    "events": f"phone,event,date\n{PERSON},opt_out,2025-03-01\n{OTHER},opt_in,2025-03-01\n",
    "actions": f"phone,type,timestamp\n{PERSON},UNSUBSCRIBE,2025-03-01\n{OTHER},SUBSCRIBE,2025-03-01\n",
    "validity": f"phone,sms_valid,opted_out_at\n{PERSON},true,2025-03-01\n",
    "dates of coming back": f"phone,unsubscribed_at,rejoined\n{PERSON},2025-03-01,2025-04-01\n{OTHER},2025-03-01,\n",
    "German dates of coming back": f"phone,opt_out_date,Wiederanmeldung\n{PERSON},2025-03-01,2025-04-01\n",
    "two dates of opt-ins": f"phone,subscribed_at,unsubscribed_at,resubscribed_at\n{PERSON},2025-01-01,2025-03-01,2025-04-01\n",
    "two flags of texts": f"phone,sms_consent,mms_consent\n{PERSON},yes,no\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_may_be_of_subscribers_is_refused(imports: Moving, name: str) -> None:
    """With the option that helps, and no number in the message."""
    result = imports.run(imports.file(REFUSED[name]), "--yes", *AS_OF)
    assert (result.exit_code, imports.configured.written()) == (2, []), result.output
    assert "-column" in result.stderr or "--all-opted-out" in result.stderr
    assert "42555501" not in result.stderr


@pytest.mark.parametrize("name", ["active-subscribers.csv", "Kunden.csv", "opted_in.csv", "contacts.xlsx.csv"])
def test_a_file_of_numbers_named_for_subscribers_is_refused(imports: Moving, name: str) -> None:
    """Numbers alone are opt-outs, unless the file's name says otherwise."""
    file = imports.file(f"{PERSON}\n{OTHER}\n", name)
    result = imports.run(file, *AS_OF)
    assert (result.exit_code, imports.configured.written()) == (2, [])
    assert "by its name, the file may have people who did not opt out: give --all-opted-out" in result.stderr
    assert imports.run(file, "--all-opted-out", *AS_OF).exit_code == 0
    assert imports.opted_out() == [PERSON, OTHER]


@pytest.mark.parametrize("name", ["numbers.csv", "subscribers-who-opted-out.csv", "unsubscribed customers.csv"])
def test_a_file_of_numbers_is_one_of_opt_outs_otherwise(imports: Moving, name: str) -> None:
    """As before."""
    assert imports.run(imports.file(f"{PERSON}\n", name), *AS_OF).exit_code == 0
    assert imports.opted_out() == [PERSON]


READ = {
    "Klaviyo": "Email,Phone Number,SMS Consent,SMS Consent Timestamp,Email Marketing Consent\n"
    f"a@example.com,{OTHER},SUBSCRIBED,2025-03-01,UNSUBSCRIBED\nb@example.com,{PERSON},UNSUBSCRIBED,2025-03-01,SUBSCRIBED\n",
    "Mailchimp": "Email Address,SMS Phone Number,SMS Marketing Status,OPTIN_TIME\n"
    f"a@example.com,{OTHER},Subscribed,2025-03-01\nb@example.com,{PERSON},Unsubscribed,2025-03-01\n",
    "HubSpot": f"Phone Number,Opted out of SMS,Unsubscribed from all email\n{PERSON},true,false\n{OTHER},false,true\n",
    "words under a flag": f"phone,opt out status\n{OTHER},opted in\n{PERSON},opted out\n",
    "Spanish dates": f"teléfono,fecha de alta,fecha de baja\n{OTHER},2025-03-01,\n{PERSON},2025-03-01,2025-04-01\n",
    "a date of coming back": f"phone,unsubscribed_at,resubscribed_at\n{OTHER},2025-03-01,2025-04-01\n{PERSON},2025-03-01,\n",
    "German consent": f"Telefonnummer;Einwilligung;Datum\n{OTHER};ja;2025-03-01\n{PERSON};nein;2025-03-01\n",
    "a table with gaps": f"phone,opted_out\n{PERSON},1.0\n{OTHER},0.0\n",
    "never subscribed": f"phone,sms consent\n{PERSON},UNSUBSCRIBED\n{OTHER},NEVER SUBSCRIBED\n",
    "other columns of yes and no": f"phone,birthdate,sms opt-out,vip\n{PERSON},1990-01-01,1,no\n{OTHER},1990-01-01,0,yes\n",
    "a second number": f"mobile,home phone,status\n{PERSON},{OTHER},unsubscribed\n",
}


@pytest.mark.parametrize("name", READ)
def test_who_opted_out_is_found_and_nobody_else(imports: Moving, name: str) -> None:
    """In the ledger, and on the list after sweep."""
    imports.done(READ[name], *AS_OF)
    assert imports.opted_out() == [PERSON]
    imports.configured.world.sweep()
    assert imports.listed() == {PERSON}


def test_an_empty_status_requests_nothing_if_the_column_was_named(imports: Moving) -> None:
    """Otherwise the line is rejected, and the reason says how to skip it."""
    file = imports.file(f"phone,opted_out\n{PERSON},1\n{OTHER},\n")
    result = imports.run(file, *AS_OF)
    assert (result.exit_code, imports.opted_out()) == (1, [PERSON])
    assert "name the column with --status-column" in imports.rejects()[0]["import_error"]
    assert imports.run(file, *AS_OF, "--status-column", "opted_out").exit_code == 0
