"""Exports of other systems are read, and invalid lines are returned one by one."""

from __future__ import annotations

import pytest
from support.moving import HEADER, Moving
from support.world import PERSON

OTHER = "+14255550183"


@pytest.mark.parametrize(
    "content",
    [
        f"contact_id,correlation_id,sender_id,status,source,date_of_consent\n{PERSON},x,MG1,opt-out,opt-out-message,2025-03-01T10:00:00Z\n",
        f"OptedOutNumber,OptedOutTimestamp,EndUserOptedOut\n{PERSON},1740823200.5,true\n",
        f"Email,Phone Number,SMS Consent,SMS Consent Timestamp\na@example.com,{PERSON},UNSUBSCRIBED,2025-03-01 10:00:00+00:00\n",
        f"Phone;Opted Out;Date\n{PERSON};yes;2025-03-01\n",
        f"mobile\tsubscribed\tunsubscribed_at\n{PERSON}\tfalse\t2025-03-01T10:00:00\n",
        f"mdn|unsubscribe_date\n{PERSON}|20250301\n",
        f"MSISDN,Opt-Out Time\n{PERSON[1:]}.0,\"Sat, 01 Mar 2025 10:00:00 +0000\"\n",
        f"phone,opted_out_at\n'{PERSON},1740823200000\n",
        f'"phone","opted_out_at"\r\n"{PERSON}","2025-03-01 10:00:00 UTC"\r\n',
        "\ufeffphone,opted_out_at\n(425) 555-0182,2025-03-01\n",
        f"phone,opted_out_at\n\u202a{PERSON}\u202c,2025-03-01\n",
        f"phone,opted_out_at,reason\n{PERSON},2025-03-01,\"two\nlines\"\n",
        f"phone,opted_out_at\n{PERSON},2025-03-01\n".encode("utf-16"),
        f"phone,opted_out_at,reason\n{PERSON},2025-03-01,Stra\xdfe\n".encode("latin-1"),
    ],
)  # fmt: skip
def test_exports_of_other_systems_are_read(imports: Moving, content: str | bytes) -> None:
    """Their names of columns, delimiters, encodings, times, and the ways in which spreadsheets keep a plus."""
    imports.done(content, "--region", "US")
    assert imports.opted_out() == [PERSON]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (f"{PERSON}\n{OTHER}\n", ("--as-of", "2025-03-01")),
        (f"{PERSON},2025-03-01\n{OTHER},2025-03-02\n", ("--time-column", "2", "--all-opted-out")),
        (
            f"who,when\n{PERSON},2025-03-01\n{OTHER},2025-03-02\n",
            ("--number-column", "WHO", "--time-column", "when", "--all-opted-out"),
        ),
        (
            f"a,b\n2025-03-01,{PERSON}\n2025-03-01,{OTHER}\n",
            ("--number-column", "2", "--time-column", "1", "--all-opted-out"),
        ),
        (
            f"phone,mobile,date\n,{PERSON},2025-03-01\n,{OTHER},2025-03-01\n",
            ("--number-column", "mobile", "--all-opted-out"),
        ),
    ],
)
def test_columns_may_be_named_or_counted(imports: Moving, content: str, options: tuple[str, ...]) -> None:
    """Also where there is no heading: then the first line is one like the others."""
    imports.done(content, *options)
    assert imports.opted_out() == [PERSON, OTHER]


@pytest.mark.parametrize(
    ("content", "options", "complaint"),
    [
        ("", (), "it is empty (0 bytes)"),
        ("\n\n", (), "the first line is empty or broken"),
        ('"phone\n', (), "the first line is empty or broken"),
        ("name,date\nx,y\n", (), "give --number-column NAME"),
        (f"phone,mobile,date\n{PERSON},{PERSON},2025-03-01\n", (), "“phone” and “mobile” may both be the numbers"),
        (f"{PERSON},{OTHER}\n", (), "several columns may be the numbers"),
        (HEADER, ("--number-column", "fone"), "--number-column: there is no column fone"),
        (HEADER, ("--time-column", "3"), "--time-column: there is no column 3"),
        (HEADER, ("--region", "XX"), "--region takes the two letters of a country"),
        (HEADER, ("--timezone", "Mars/Olympus"), "--timezone takes a name as America/New_York"),
        (
            HEADER,
            ("--as-of", "lately"),
            "--as-of: give a day or a time in ISO 8601, as 2026-11-03 or 2026-11-03T14:02:11Z\n",
        ),
        (HEADER, ("--list", "Clbu"), "there is no list Clbu"),
        ("PK\x03\x04\x00\x00", (), "the workbook or archive is damaged or incomplete"),
    ],
)
def test_an_unreadable_file_is_refused_as_a_whole(
    imports: Moving, content: str, options: tuple[str, ...], complaint: str
) -> None:
    """Nothing of it is written, and it is said what would do."""
    result = imports.run(imports.file(content), *options)
    assert (result.exit_code, imports.configured.written()) == (2, [])
    assert complaint in result.stderr


def test_a_missing_file_a_pipe_and_the_file_as_its_own_rejects_are_refused(imports: Moving) -> None:
    """Each with its reason."""
    file = imports.file(HEADER)
    refusals = [imports.run(*each) for each in (["no.csv"], ["-"], [file, "--rejects", file])]
    assert [result.exit_code for result in refusals] == [2, 2, 2]
    assert "No such file" in refusals[0].stderr
    assert "save it first" in refusals[1].stderr
    assert "the file that is to be imported" in refusals[2].stderr


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",2025-03-01", "it has no number"),
        ("425 555 0182,2025-03-01", "name its country with --region, as US"),
        ("+14255550182123456,2025-03-01", "seven to fifteen digits"),
        ("1.42556E+10,2025-03-01", "a spreadsheet has rounded its number"),
        ("12345,2025-03-01", "write the number with its country code"),
        ("whatsapp:+14255550182,2025-03-01", "write the number with its country code"),
        (f"{OTHER},yesterday", "say how with --time-format"),
        (f"{OTHER},03/01/2025", "say how with --time-format"),
        (f"{OTHER},0", "say how with --time-format"),
        (f"{OTHER},1899-12-30", "its time is before the year 2000"),
        (f"{OTHER},2031-01-01", "its time is in the future"),
        (f"{OTHER},", "give the time of the export"),
        (f"{OTHER}", "it has fewer cells than the first line"),
        (f"{OTHER},2025-03-01,x", "it has more cells than the first line"),
        (f'{OTHER},"2025-03-01', "a quotation mark is not closed"),
        (f'"{OTHER}"1,2025-03-01', "a quotation mark is not closed"),
    ],
)
def test_a_bad_line_is_given_back_with_its_number_and_reason(imports: Moving, line: str, reason: str) -> None:
    """And holds up no other; no message repeats what it holds."""
    result = imports.run(imports.file(f"{HEADER}{PERSON},2025-03-01\n{line}\n+14255550190,2025-03-01\n"))
    (reject,) = imports.rejects()
    assert (result.exit_code, imports.opted_out()) == (1, [PERSON, "+14255550190"])
    assert (reject["import_line"], reason in reject["import_error"]) == ("3", True), reject
    assert f"line 3: {reject['import_error']}" in result.stderr
    assert "4255550" not in result.stderr.replace("+14255550182", "")


def test_an_unknown_status_is_no_opt_out(imports: Moving) -> None:
    """Nor an opt-in: it goes back."""
    result = imports.run(imports.file(f"phone,status,date\n{PERSON},paused,2025-03-01\n{OTHER},1,2025-03-01\n"))
    assert (result.exit_code, imports.opted_out()) == (1, [])
    assert [each["import_line"] for each in imports.rejects()] == ["2", "3"]


def test_rejects_can_be_corrected_and_imported(imports: Moving) -> None:
    """The file has the columns of the one that it came from."""
    imports.run(imports.file("Phone;Opted Out At\n4255550182;2025-03-01\n"))
    mended = (imports.folder / "opt-outs.rejects.csv").read_text().replace("4255550182", PERSON)
    assert imports.done(mended).stdout.startswith("1 opted out")


def test_rejects_that_may_be_under_correction_are_kept(imports: Moving) -> None:
    """Another run writes its own."""
    bad = imports.file(HEADER + "nobody,2025-03-01\n")
    imports.run(bad)
    imports.file("mended", "opt-outs.rejects.csv")
    imports.run(bad)
    assert (imports.folder / "opt-outs.rejects.csv.old").read_text() == "mended"
    assert len(imports.rejects()) == 1


def test_rejects_are_no_formulas_and_private(imports: Moving) -> None:
    """What a stranger texted is opened in a spreadsheet by somebody who has rights."""
    content = f'number,opted_out_at,reason\n{PERSON},never,"=HYPERLINK(""http://example.com"")"\n@SUM(1),never,-1+1\n'
    imports.run(imports.file(content))
    first, second = imports.rejects()
    assert (first["number"], first["reason"]) == (PERSON, '\'=HYPERLINK("http://example.com")')
    assert (second["number"], second["reason"]) == ("'@SUM(1)", "'-1+1")
    assert (imports.folder / "opt-outs.rejects.csv").stat().st_mode & 0o777 == 0o600


def test_few_rejects_are_printed_and_the_rest_counted(imports: Moving) -> None:
    """A thousand of them are read in the file."""
    result = imports.run(imports.file(HEADER + "nobody,2025-03-01\n" * 8))
    assert result.stderr.count("line ") == 5
    assert "… and 3 more" in result.stderr


@pytest.mark.parametrize(
    ("cell", "options", "expected"),
    [
        ("2025-03-01", (), "2025-03-02T11:59:59.999"),
        ("2025-03-01", ("--timezone", "America/New_York"), "2025-03-02T04:59:59.999"),
        ("2025-03-01T10:00:00", ("--timezone", "America/New_York"), "2025-03-01T15:00:00.000"),
        ("2025-03-01T10:00:00+02:00", ("--timezone", "America/New_York"), "2025-03-01T08:00:00.000"),
        ("03/01/2025 10:05", ("--time-format", "%m/%d/%Y %H:%M"), "2025-03-01T22:05:59.999"),
        ("01.03.2025", ("--time-format", "%d.%m.%Y", "--timezone", "UTC"), "2025-03-01T23:59:59.999"),
        ("2026-11-03", (), "2026-11-03T14:00:00.000"),  # today: no later than now
    ],
)
def test_times_are_read_on_the_safe_side(imports: Moving, cell: str, options: tuple[str, ...], expected: str) -> None:
    """A day counts to its end, so that an opt-out is no older than it was; without a zone, to its end anywhere on earth."""
    imports.done(f"{HEADER}{PERSON},{cell}\n", *options)
    consent = imports.consent(PERSON)
    assert consent is not None
    assert consent.decided_at.isoformat(timespec="milliseconds") == expected + "+00:00"
