"""Compressed files, workbooks, encodings and layouts as other programs write them: who ends opted out."""

from __future__ import annotations

import gzip
import io
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook
from support.moving import HEADER, Moving
from support.world import PERSON

pytestmark = pytest.mark.slow

OTHER, THIRD = "+14255550183", "+14255550184"
AS_OF = ("--as-of", "2025-03-01")
LINES = f"{HEADER}{PERSON},2025-03-01\n{OTHER},2025-03-01\n"


def _workbook(*sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for at, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {at + 1}")
        for row in rows:
            sheet.append(row)
    stored = io.BytesIO()
    book.save(stored)
    return stored.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(LINES.encode()),
        gzip.compress(LINES.encode("utf-16")),
        LINES.encode("utf-16-le"),
        LINES.encode("utf-16-be"),
        LINES.encode("utf-32"),
        LINES.replace("\n", "\r").encode(),
        b"sep=;\r\n" + LINES.replace(",", ";").encode(),
        b'"sep=\t"\n' + LINES.replace(",", "\t").encode(),
        b"Opt-outs, exported by Anna\n\nas of;March\n" + LINES.replace(",", ";").encode(),
        b"phone,opted_out_at,name\n" + f"{PERSON},2025-03-01,Jürgen\n".encode() + f"{OTHER},2025-03-01,Jürgen\n".encode("cp1252"),
        LINES.replace("\n", ",,\n").replace("at,,", "at", 1).encode(),
        LINES.encode() + b"Total,2\n",
        f'phone,opted_out_at\n"=""{PERSON}""",2025-03-01\n="{OTHER}",2025-03-01\n'.encode(),
        f'phone,opted_out_at,note\n{PERSON},2025-03-01,"a\n\nb"\n{OTHER},2025-03-01,"=HYPERLINK(""http://x"")"\n'.encode(),
    ],
    ids=[
        "gz", "gz of utf-16", "utf-16-le", "utf-16-be", "utf-32", "old Mac line ends", "sep=", "sep= tab", "title",
        "two encodings", "commas at the end", "total", "numbers as formulas", "line breaks and formulas",
    ],
)  # fmt: skip
def test_a_text_is_read_as_other_programs_write_it(imports: Moving, content: bytes) -> None:
    """A line of totals is rejected, and nothing else."""
    result = imports.run(imports.file(content, "opt-outs.csv"))
    rejected = [each["import_error"] for each in imports.rejects()] if b"Total" in content else []
    assert result.exit_code == (1 if rejected else 0), result.output
    assert imports.opted_out() == [PERSON, OTHER]
    assert len(rejected) == content.count(b"Total")


def test_lines_above_the_headings_are_counted(imports: Moving) -> None:
    """So that line numbers are those of the file, and the reader sees what was left out."""
    result = imports.run(imports.file(f"Opt-outs\n\nPhone;Opted Out At\n{PERSON};2025-03-01\nnobody;2025-03-01\n"))
    assert [each["import_line"] for each in imports.rejects()] == ["5"]
    assert "the headings are on line 3; what is above them is not read" in result.stderr


WORKBOOK: list[list[Any]] = [
    ["Opt-outs of all brands"],
    ["Phone", "SMS Opt-out", "Date", None],
    [14255550182, True, datetime(2025, 3, 1)],  # noqa: DTZ001  as a workbook has it
    ["+14255550183", "yes", datetime(2025, 3, 1, 10, 30)],  # noqa: DTZ001
    ["(425) 555-0184", False, "2025-03-01"],
    [None, None, None],
    ["=A3", True, "2025-03-01"],
]


def test_a_workbook_is_read_like_a_text(imports: Moving) -> None:
    """Numbers, booleans and days as spreadsheets store them. A formula that was never calculated has no value."""
    result = imports.run(imports.file(_workbook([], WORKBOOK), "book.xlsx"), "--region", "US")
    assert (result.exit_code, imports.opted_out()) == (1, [PERSON, OTHER])
    assert [(each["import_line"], each["import_error"]) for each in imports.rejects("book.rejects.csv")] == [
        ("7", "it has no number")
    ]
    consent = imports.consent(PERSON)
    assert consent is not None
    assert consent.decided_at.isoformat(timespec="seconds") == "2025-03-02T11:59:59+00:00"
    assert "sheet “Sheet 2”" in result.stderr


def test_a_workbook_with_several_sheets_asks_which(imports: Moving) -> None:
    """And --sheet names it."""
    file = imports.file(_workbook([["number"], [PERSON]], [["number"], [OTHER]]), "book.xlsx")
    refused = imports.run(file, *AS_OF)
    assert (refused.exit_code, imports.configured.written()) == (2, [])
    assert "several sheets: name one of “Sheet 1”, “Sheet 2” with --sheet" in refused.stderr
    assert imports.run(file, *AS_OF, "--sheet", "Sheet 3").exit_code == 2
    assert imports.run(file, *AS_OF, "--sheet", "Sheet 2").exit_code == 0
    assert imports.opted_out() == [OTHER]


@pytest.mark.parametrize(
    ("cell", "options", "expected"),
    [
        ("1.2065550100E10", ("--region", "US"), "+12065550100"),
        ("+1.2065550100E+10", (), "+12065550100"),
        ('"1,2065550100E+10"', ("--with-country-code",), "+12065550100"),
        ("4915112345678", ("--with-country-code",), "+4915112345678"),
        ("0049 151 12345678", ("--with-country-code",), "+4915112345678"),
        ("14255550182", ("--region", "US"), PERSON),
        ("'+14255550182", (), PERSON),
        ("tel:+14255550182", (), PERSON),
        ("＋１４２５５５５０１８２", (), PERSON),
    ],
)
def test_numbers_are_read_as_spreadsheets_and_databases_leave_them(
    imports: Moving, cell: str, options: tuple[str, ...], expected: str
) -> None:
    """Scientific notation with all digits, a lost plus, an apostrophe."""
    imports.done(f"{HEADER}{cell},2025-03-01\n", *options)
    assert imports.opted_out() == [expected]


@pytest.mark.parametrize(
    ("heading", "country", "cell", "expected"),
    [
        ("Country", "US", "(425) 555-0182", PERSON),
        ("country", "United States", "425-555-0182", PERSON),
        ("Land", "Deutschland", "0151 12345678", "+4915112345678"),
        ("Pays", "FRA", "06 12 34 56 78", "+33612345678"),
        ("country_code", "+44", "07911 123456", "+447911123456"),
        ("Country", "", "425-555-0182", PERSON),
        ("Country", "Narnia", PERSON, PERSON),
    ],
)
def test_a_column_gives_the_country_of_each_number(
    imports: Moving, heading: str, country: str, cell: str, expected: str
) -> None:
    """As two or three letters, a name or a calling code; --region is for lines without one."""
    imports.done(f"phone,sms opted out,{heading}\n{cell},yes,{country}\n", "--region", "US", *AS_OF)
    assert imports.opted_out() == [expected]


@pytest.mark.parametrize(
    ("number", "status", "out", "subscribed"),
    [
        ("Telefon", "abgemeldet", "ja", "nein"),
        ("Handynummer", "Einwilligung SMS", "nein", "J"),
        ("Téléphone", "Désabonné", "oui", "non"),
        ("Numéro de téléphone", "Statut", "désinscrit", "inscrit"),
        ("Número de teléfono", "Suscrito", "no", "sí"),
        ("Telefones", "consentimento", "não", "sim"),
        ("Cellulare", "Iscritto", "no", "si"),
        ("Telefoonnummer", "SMS toestemming", "nee", "ja"),
        ("Puhelinnumero", "Suostumus", "ei", "kyllä"),
        ("Numer telefonu", "Zgoda", "nie", "tak"),
        ("電話番号", "sms opted out", "はい", "いいえ"),
        ("Номер телефона", "SMS opt-out", "да", "нет"),
        ("Phone Numbers", "Do Not SMS", "x", "0"),
        ("Mobiles", "status", "UNSUBSCRIBED (SMS)", "UNSUBSCRIBED (EMAIL)"),
    ],
)
def test_headings_and_words_of_other_languages_are_known(
    imports: Moving, number: str, status: str, out: str, subscribed: str
) -> None:
    """Subscribers stay subscribed."""
    imports.done(f"{number};{status}\n{PERSON};{out}\n{OTHER};{subscribed}\n", *AS_OF)
    assert imports.opted_out() == [PERSON]


TWO_SIDED = (
    ("Opt-In Date,Opt-Out Date", "2025-01-01,2025-02-01", "2025-03-01,2025-02-01", "2025-01-01,"),
    ("subscribed_at,unsubscribed_at", ",2025-02-01", "2025-03-01T10:00:00Z,2025-02-01T10:00:00Z", ","),
    ("sms opted in at,sms opted out at", "2025-02-01,2025-02-01", "2025-02-03,2025-02-01", "2025-02-03,NULL"),
    ("Angemeldet am,Abgemeldet am", "2025-01-01,2025-02-01", "2025-03-01,2025-02-01", "2025-01-01,0000-00-00"),
    ("opted_in,opted_out", "no,yes", "yes,no", "no,no"),
    ("SMS Consent,SMS Unsubscribed", "0,unsubscribed", "1,0", "0,0"),
    ("sms_opt_in,sms_opt_out", "unsubscribed,no", "true,false", "false,"),
)


@pytest.mark.parametrize(("headings", "out", "subscribed", "third"), TWO_SIDED)
def test_two_sided_files_are_read_from_both_sides(
    imports: Moving, headings: str, out: str, subscribed: str, third: str
) -> None:
    """The newer date wins, and the opt-out if that is not certain; a flag counts by its own heading."""
    content = f"phone,{headings}\n{PERSON},{out}\n{OTHER},{subscribed}\n{THIRD},{third}\n"
    imports.done(content, *AS_OF)
    assert imports.opted_out() == [PERSON]


def test_a_two_sided_file_gives_each_request_its_own_time(imports: Moving) -> None:
    """Also the opt-ins, if they are wanted."""
    content = f"phone,subscribed_at,unsubscribed_at\n{PERSON},2025-01-01T10:00:00Z,2025-02-01T10:00:00Z\n"
    imports.done(content + f"{OTHER},2025-03-01T10:00:00Z,2025-02-01T10:00:00Z\n", "--opt-ins")
    consents = [imports.consent(number) for number in (PERSON, OTHER)]
    assert [each.decided_at.isoformat() for each in consents if each is not None] == [
        "2025-02-01T10:00:00+00:00", "2025-03-01T10:00:00+00:00",
    ]  # fmt: skip
    assert imports.opted_out() == [PERSON]


def test_flags_that_contradict_each_other_are_rejected(imports: Moving) -> None:
    """Neither is picked."""
    result = imports.run(imports.file(f"phone,opted_in,opted_out\n{PERSON},yes,yes\n{OTHER},,\n"), *AS_OF)
    assert (result.exit_code, imports.configured.written()) == (1, [])
    assert "both opted out and opted in" in result.stderr


def test_lines_about_another_channel_are_skipped(imports: Moving) -> None:
    """A person who unsubscribed from e-mail is not opted out of texts."""
    content = (
        f"phone,channel_type,status\n{PERSON},SMS,unsubscribed\n{OTHER},EMAIL,unsubscribed\n{THIRD},push,unsubscribed\n"
    )
    result = imports.done(content, *AS_OF)
    assert imports.opted_out() == [PERSON]
    assert "2 about another channel" in result.stderr


def test_a_channel_that_may_be_a_source_is_asked_about(imports: Moving) -> None:
    """Somebody may have asked by e-mail to get no more texts."""
    file = imports.file(f"phone,channel,sms status\n{PERSON},SMS,unsubscribed\n{OTHER},email,unsubscribed\n")
    refused = imports.run(file, *AS_OF)
    assert (refused.exit_code, imports.configured.written()) == (2, [])
    assert "--channel-column" in refused.stderr
    assert "--source-column" in refused.stderr
    assert imports.run(file, *AS_OF, "--channel-column", "channel").exit_code == 0
    assert imports.opted_out() == [PERSON]
    assert imports.run(file, *AS_OF, "--source-column", "channel").exit_code == 0
    assert imports.opted_out() == [PERSON, OTHER]


def test_opt_ins_that_were_not_requested_need_no_valid_line(imports: Moving) -> None:
    """A subscriber without a number or a time is skipped, and not rejected."""
    imports.done(f"phone,sms consent,date\n{PERSON},no,2025-03-01\nnobody,yes,never\n,never subscribed,\n")
    assert imports.opted_out() == [PERSON]
