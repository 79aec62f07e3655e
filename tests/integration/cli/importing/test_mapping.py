"""The mapping is shown before anything is written, and a file with an unread column of consent is refused."""

from __future__ import annotations

import json

import pytest
from support.moving import HEADER, Moving
from support.world import PERSON

OTHER, THIRD = "+14255550183", "+14255550184"
AS_OF = ("--as-of", "2025-03-01")


def test_the_mapping_shows_meanings_counts_and_masked_samples(imports: Moving) -> None:
    """Each status value with its meaning and lines, unused columns with their values, three masked lines."""
    content = (
        f"Phone,Accepts SMS Marketing,Tax Exempt,Email\n{PERSON},no,yes,a@example.com\n"
        f"{OTHER},yes,no,b@example.com\n{THIRD},no,no,c@example.com\n"
    )
    shown = imports.done(content, *AS_OF).stderr
    for part in (
        "number “Phone”",
        "status “Accepts SMS Marketing” (yes: opted in, no: opted out)",
        "“no”: opted out (2 lines)",
        "“yes”: opted in (1 line)",
        "not read: “Tax Exempt”: “no” 2, “yes” 1",
        "3 lines: 2 opted out; 1 opted in, not imported without --opt-ins",
        "line 2: +1425•••0182 opted out, 2025-03-02 11:59:59 UTC",
    ):
        assert part in shown
    assert not any(secret in shown for secret in ("4255550", "@example.com"))
    assert imports.opted_out() == [PERSON, THIRD]


SUBSCRIBERS = (
    f"phone,unsubscribed_at,marketing\n{PERSON},2025-03-01,subscribed\n{OTHER},2025-03-02,unsubscribed\n",
    f"phone,unsubscribed_at,vip texts\n{PERSON},2025-03-01,true\n{OTHER},2025-03-02,false\n",
    f"phone,unsubscribed_at,Einwilligung Werbung\n{PERSON},2025-03-01,ja\n{OTHER},2025-03-02,nein\n",
    f"phone,opted out,actif\n{PERSON},yes,actif\n{OTHER},yes,inactif\n",
    f"phone,opted out,level\n{PERSON},yes,granted\n{OTHER},yes,revoked\n",
    f"phone,opted out,x\n{PERSON},yes,ALL\n{OTHER},yes,NONE\n",
    f"phone,opted out,flag\n{PERSON},yes,0\n{OTHER},yes,1\n",
    f"phone,sms opted out,reconfirmed sms\n{PERSON},yes,1\n{OTHER},yes,0\n",
)


@pytest.mark.parametrize("content", SUBSCRIBERS)
def test_an_unread_column_that_looks_like_consent_is_refused(imports: Moving, content: str) -> None:
    """In a pipe, with exit code 2 and the option that helps; nothing is written."""
    result = imports.run(imports.file(content), "--yes", *AS_OF)
    assert (result.exit_code, imports.configured.written()) == (2, [])
    assert "looks like consent" in result.stderr
    assert "--status-column NAME" in result.stderr
    assert "--all-opted-out" in result.stderr
    assert "4255550" not in result.stderr
    assert imports.run(imports.file(content), "--all-opted-out", *AS_OF).exit_code == 0
    assert imports.opted_out() == [PERSON, OTHER]


def test_a_named_status_settles_it(imports: Moving) -> None:
    """Subscribers of the column that was named are not opted out."""
    imports.done(SUBSCRIBERS[0], "--status-column", "marketing", *AS_OF)
    assert imports.opted_out() == [OTHER]


@pytest.mark.parametrize("column", ["Accepts Email Marketing", "email_opt_in", "Push Subscribed", "Tax Exempt", "Note"])
def test_columns_about_something_else_are_no_reason_to_refuse(imports: Moving, column: str) -> None:
    """Consent to e-mail or push says nothing about texts."""
    imports.done(f"phone,SMS Consent,{column}\n{PERSON},UNSUBSCRIBED,yes\n{OTHER},SUBSCRIBED,no\n", *AS_OF)
    assert imports.opted_out() == [PERSON]


@pytest.mark.parametrize(
    ("answer", "options", "written"), [("y\n", (), True), ("n\n", (), False), ("", ("--yes",), True)]
)
def test_a_terminal_is_asked(
    imports: Moving, monkeypatch: pytest.MonkeyPatch, answer: str, options: tuple[str, ...], written: bool
) -> None:
    """Unless --yes is given."""
    monkeypatch.setattr("sms_consent_cli.commands.import_.mapping.is_terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer == "y\n")
    result = imports.run(imports.file(f"{HEADER}{PERSON},2025-03-01\n"), *options)
    assert (result.exit_code == 0, imports.opted_out() == [PERSON]) == (written, written)


def test_a_number_of_impossible_length_is_imported_with_a_warning(imports: Moving) -> None:
    """The list accepts it, and refusing it would lose its opt-out. A national number that is incomplete is rejected."""
    content = f"{HEADER}+1425555018,2025-03-01\n+9995550182000,2025-03-01\n{PERSON},2025-03-01\n425555018,2025-03-01\n"
    result = imports.run(imports.file(content), "--region", "US", "--json")
    assert imports.opted_out() == ["+1425555018", PERSON, "+9995550182000"]
    assert (
        "warning: 2 numbers are imported but may be wrong (it has too few digits for its country: 1;" in result.stderr
    )
    assert "the first on line 2, 3" in result.stderr
    assert json.loads(result.stdout)["mapping"]["warnings"] == {
        "it has too few digits for its country": 1, "no country has its code": 1,
    }  # fmt: skip
    assert [each["import_line"] for each in imports.rejects()] == ["5"]


def test_repeated_numbers_count_once(imports: Moving) -> None:
    """By their newest request."""
    content = f"phone,status,date\n{PERSON},unsubscribed,2025-03-01\n{PERSON},unsubscribed,2025-03-05\n"
    result = imports.done(content)
    assert "1 line repeats a number" in result.stderr
    assert imports.opted_out() == [PERSON]


def test_who_opted_in_again_is_not_opted_out_unasked(imports: Moving) -> None:
    """A log has a line for each request of a person, and the newest counts."""
    content = (
        f"phone,status,date\n{PERSON},unsubscribed,2025-03-01\n{PERSON},subscribed,2025-03-05\n"
        f"{OTHER},subscribed,2025-03-01\n{OTHER},unsubscribed,2025-03-05\n"
    )
    refused = imports.run(imports.file(content))
    assert (refused.exit_code, imports.configured.written()) == (2, [])
    assert "1 number has an opt-in in this file that is newer than the opt-out" in refused.stderr
    imports.done(content, "--opt-ins")
    assert imports.opted_out() == [OTHER]


UNKNOWN = f"Phone,First Name,Permit\n{PERSON},Ann,revoked\n{OTHER},Bo,granted\n"


def test_a_refusal_names_the_columns_that_look_like_consent(imports: Moving) -> None:
    """With their values, and without anybody's name."""
    result = imports.run(imports.file(UNKNOWN), *AS_OF)
    assert (result.exit_code, imports.configured.written()) == (2, [])
    assert "These look like it: “Permit” (by its values: “revoked” 1, “granted” 1)" in result.stderr
    assert "Ann" not in result.stderr


@pytest.mark.parametrize(("answer", "opted_out"), [("permit", [PERSON]), ("ALL", [PERSON, OTHER])])
def test_a_terminal_is_asked_which_column_says_who_opted_out(
    imports: Moving, monkeypatch: pytest.MonkeyPatch, answer: str, opted_out: list[str]
) -> None:
    """And every line is an opt-out only if that is the answer."""
    monkeypatch.setattr("sms_consent_cli.commands.import_.run.is_terminal", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: answer)
    imports.done(UNKNOWN, *AS_OF)
    assert imports.opted_out() == opted_out


def test_values_of_private_columns_are_not_shown(imports: Moving) -> None:
    """Nor longer ones, addresses or numbers."""
    content = (
        f"Phone,SMS Consent,First Name,Last Message,Tier,Contact\n{PERSON},UNSUBSCRIBED,Ann,no more,gold,555-0199-22\n"
    )
    shown = imports.done(content, *AS_OF).stderr
    assert "“gold” 1" in shown
    assert not any(secret in shown for secret in ("Ann", "no more", "0199"))


def test_a_dry_run_counts_a_repeated_number_once(imports: Moving) -> None:
    """As the import would."""
    file = imports.file(f"{HEADER}{PERSON},2025-03-01\n{PERSON},2025-03-05\n{OTHER},2025-03-01\n")
    result = imports.run(file, "--dry-run")
    assert result.stdout == "2 would be opted out, 1 already had this status\n"


def test_a_flag_named_sms_beside_the_numbers_is_no_column_of_numbers(imports: Moving) -> None:
    """It looks like consent, and is named."""
    result = imports.run(imports.file(f"name,phone,sms\nA,{PERSON},1\nB,{OTHER},0\n"), *AS_OF)
    assert (result.exit_code, imports.configured.written()) == (2, [])
    assert "These look like it: “sms” (by its values, yes or no: “1” 1, “0” 1)" in result.stderr


def test_errors_list_the_headings_of_the_file(imports: Moving) -> None:
    """So that the option can be given without opening it."""
    file = imports.file(f"Kontakt,Opted out SMS\n{PERSON},yes\n")
    for options in ((), ("--number-column", "Phone"), ("--number-column", "Kontakt", "--time-column", "When")):
        result = imports.run(file, *options, *AS_OF)
        assert result.exit_code == 2
        assert "“Kontakt”" in result.stderr or "“kontakt”" in result.stderr
    result = imports.run(file, "--number-column", "Kontakt")
    assert "give --time-column, or the time of the export with --as-of. The headings are “Kontakt”" in result.stderr


def test_the_time_of_the_export_is_shown(imports: Moving) -> None:
    """It is the time of every opt-out without one."""
    shown = imports.done(f"{PERSON}\n", *AS_OF).stderr
    assert "opt-outs without a time count as of 2025-03-02 11:59:59 UTC (--as-of;" in shown


@pytest.mark.parametrize(
    "heading", ["Antwort", "Réponse", "SMS Content", "Имя", "姓名", "名前", "이름", "الاسم", "Förnamn", "Imię"]
)
def test_names_and_texts_are_not_shown_under_foreign_headings_either(imports: Moving, heading: str) -> None:
    """A column that is not read."""
    file = imports.file(f"phone,unsubscribed,{heading}\n+14255550182,true,Zoe\n+14255550183,false,Bob\n")
    result = imports.run(file, "--as-of", "2025-06-01", "--dry-run")
    assert (result.exit_code, "Zoe" in result.output) == (0, False)
