"""An import treats a line as an opt-out only if its file says so, and refuses a file that does not say."""

from __future__ import annotations

import json

import pytest
from support.moving import Moving
from support.world import PERSON

from sms_consent_cli.commands.import_.number_file import NumberFile
from sms_consent_cli.commands.import_.status_column import StatusKind, status_kind
from sms_consent_cli.shared.usage_error import UsageError

OTHER, THIRD, FOURTH = "+14255550183", "+14255550184", "+14255550185"
AS_OF = ("--as-of", "2025-03-01")


SUBSCRIPTIONS = (
    ("Accepts SMS Marketing", "yes", "no"),
    ("subscribedSms", "TRUE", "FALSE"),
    ("SMS Marketing Status", "Subscribed", "Unsubscribed"),
    ("SMS Consent", "SUBSCRIBED", "UNSUBSCRIBED"),
    ("sms_consent", "1", "0"),
    ("opted_in", "t", "f"),
    ("smsMarketingState", "SUBSCRIBED", "UNSUBSCRIBED"),
    ("SMSOptIn", "Y", "N"),
    ("accepts_texts", "true", "false"),
    ("Subscribed to SMS", "Yes", "No"),
    ("Opt-out", "no", "yes"),
    ("et4ae5__HasOptedOutOfMobile__c", "false", "true"),
    ("SMS_Opt_Out__c", "0", "1"),
    ("Do Not Text", "N", "Y"),
    ("sms_blocklisted", "False", "True"),
    ("status", "re-opt-in", "opt-out-message"),
    ("unsubscribed", "never subscribed", "unsubscribed"),
)


def _refusal(imports: Moving, content: str) -> str:
    with pytest.raises(UsageError) as caught:
        NumberFile.at(imports.file(content), {})
    return str(caught.value)


@pytest.mark.slow
def test_subscribers_of_other_systems_stay_subscribed(imports: Moving) -> None:
    """Yes means what the heading says: subscribed people are skipped, the others are opted out."""
    for place, (heading, subscribed, opted_out) in enumerate(SUBSCRIPTIONS, start=10):
        content = f"Phone,{heading}\n{PERSON},{subscribed}\n+142555502{place},{opted_out}\n"
        result = imports.done(content, *AS_OF)
        assert imports.opted_out()[-1] == f"+142555502{place}", heading
        assert "1 not opted out, skipped" in result.stdout
        assert f"status “{heading}”" in result.stderr
    assert PERSON not in imports.opted_out()


SILENT = (
    f"phone,vip\n{PERSON},yes\n",
    f"phone,Accepts Marketing\n{PERSON},no\n",
    f"phone,Accepts Email Marketing\n{PERSON},no\n",
    f"phone,email_unsubscribed\n{PERSON},true\n",
    f"phone,not_opted_out\n{PERSON},true\n",
    f"phone,opt_in_out\n{PERSON},1\n",
    f"phone,opt_out_reason\n{PERSON},spam\n",
    f"phone,State\n{PERSON},OUT\n",
    f"phone,¬ subscribed\n{PERSON},yes\n",
    f"phone,нет opt out\n{PERSON},1\n",
    f"phone,subscribed_at\n{PERSON},2025-03-01\n",
    f"number,date\n{PERSON},2025-03-01\n",
    f"{PERSON},unsubscribed\n",
    f"{PERSON};2025-03-01\n",
    f"phone,\n{PERSON},\n",
)


def test_a_file_that_does_not_say_who_opted_out_is_refused(imports: Moving) -> None:
    """Nothing is written; the refusal lists the columns, shows no number, and says what to do."""
    result = imports.run(imports.file(SILENT[0]), *AS_OF)
    assert (result.exit_code, imports.configured.written()) == (2, [])
    for summary in (result.stderr, *(_refusal(imports, content) for content in SILENT)):
        assert all(part in summary for part in ("--status-column", "--all-opted-out", "of its 2 columns (")), summary
        assert "4255550" not in summary


TOLD_TWICE = (
    (f"phone,status,sms_consent\n{PERSON},active,UNSUBSCRIBED\n", "“status” and “sms_consent” may both say"),
    (f"phone,opted_out,blocklisted_sms\n{PERSON},no,no\n", "“opted_out” and “blocklisted_sms” may both say"),
    (f"email,phone,status\nx@example.com,{PERSON},unsubscribed\n", "“status” may be about e-mail"),
    (f"E-Mail,phone,unsubscribed_at\nx@example.com,{PERSON},2025-03-01\n", "“unsubscribed_at” may be about e-mail"),
    (
        f"phone,status,date,timestamp\n{PERSON},opt-out,2025-03-01,1740823200\n",
        "may both be the times: give --time-column",
    ),
    (f"phone,sms_consent,sms_consent\n{PERSON},yes,no\n", "“sms_consent” and “sms_consent” may both say"),
)


def test_a_file_that_says_it_twice_is_refused(imports: Moving) -> None:
    """The most telling one is not picked: the person who exported the file knows which it is."""
    assert imports.run(imports.file(TOLD_TWICE[0][0]), *AS_OF).exit_code == 2
    assert imports.configured.written() == []
    for content, complaint in TOLD_TWICE:
        assert complaint in _refusal(imports, content)


UNCLEAR = (
        ("status", "yes"), ("status", ""), ("status", "cleaned"), ("status", "!unsubscribed"), ("status", "не unsubscribed"),
        ("opted_out", "active"), ("opted_out", "2"), ("opted_out", ""), ("sms_consent", "maybe"), ("sms_consent", "1.5"),
        ("unsubscribed_at", ""), ("unsubscribed_at", "never"), ("unsubscribed_at", "0000-00-00"),
)  # fmt: skip


def test_a_cell_that_is_not_understood_is_given_back(imports: Moving) -> None:
    """It is no opt-out, and holds up no other line."""
    for heading, cell in UNCLEAR[::4]:
        good = {"unsubscribed_at": "2025-03-01", "sms_consent": "no"}.get(heading, "unsubscribed")
        result = imports.run(imports.file(f"phone,{heading}\n{PERSON},{cell}\n{OTHER},{good}\n"), *AS_OF)
        assert (result.exit_code, imports.opted_out()) == (1, [OTHER]), (heading, cell)
        assert [each["import_line"] for each in imports.rejects()] == ["2"]
    for heading, cell in UNCLEAR:
        status = NumberFile.at(imports.file(f"phone,{heading}\n"), {}).columns.status
        assert status is not None
        if "never" not in cell and "0000" not in cell:  # what is no time fails as such
            with pytest.raises(ValueError, match=r"status|no time|heading"):
                status.read(cell)


def test_not_having_opted_out_is_no_opt_in(imports: Moving) -> None:
    """Even where opt-ins are wanted: it may be older than a STOP, and asks for nothing."""
    imports.configured.world.opt_out()
    imports.configured.world.pass_time(days=2)
    imports.done(f"phone,opted_out,date\n{PERSON},no,2026-11-05T10:00:00Z\n", "--opt-ins")
    assert imports.opted_out() == [PERSON]


def test_the_time_of_an_opt_out_is_no_time_of_an_opt_in(imports: Moving) -> None:
    """A person who subscribed again still has an unsubscribed_at."""
    result = imports.run(
        imports.file(f"phone,subscribed,unsubscribed_at\n{PERSON},yes,2025-03-01T10:00:00Z\n"), "--opt-ins"
    )
    assert (result.exit_code, imports.configured.written()) == (1, [])
    assert "an opt-in without its own time" in result.stderr


def test_all_lines_are_opt_outs_if_that_is_said(imports: Moving) -> None:
    """Also against a status in the file, which is then told as not read."""
    result = imports.done(f"phone,subscribed\n{PERSON},yes\n{OTHER},\n", "--all-opted-out", *AS_OF)
    assert imports.opted_out() == [PERSON, OTHER]
    assert "not read: “subscribed”\n--all-opted-out: every line is an opt-out" in result.stderr


def test_a_status_may_be_named_with_what_its_yes_means(imports: Moving) -> None:
    """A heading of one's own, a heading about e-mail, or none."""
    for content, options in (
        (f"phone,VIP Texts?\n{PERSON},yes\n{OTHER},no\n", ("--status-column", "vip texts", "--yes-means", "opted-in")),
        (f"{PERSON},1\n{OTHER},0\n", ("--status-column", "2", "--yes-means", "opted-in")),
        (f"email,phone,status\n,{PERSON},subscribed\n,{OTHER},unsubscribed\n", ("--status-column", "status")),
    ):
        imports.done(content, *options, *AS_OF)
        assert imports.opted_out() == [OTHER]
    imports.done(
        f"phone,quiet\n{PERSON},yes\n{THIRD},no\n", "--status-column", "quiet", "--yes-means", "opted-out", *AS_OF
    )
    assert imports.opted_out() == [PERSON, OTHER]


def test_a_named_status_whose_yes_has_no_meaning_is_given_back(imports: Moving) -> None:
    """Words are understood all the same."""
    content = f"phone,answer\n{PERSON},yes\n{OTHER},unsubscribed\n"
    result = imports.run(imports.file(content), "--status-column", "answer", *AS_OF)
    assert (result.exit_code, imports.opted_out()) == (1, [OTHER])
    assert "give --yes-means" in result.stderr


CONTRADICTIONS = (
    (("--all-opted-out", "--status-column", "status"), "--all-opted-out ignores the status"),
    (("--all-opted-out", "--yes-means", "opted-in"), "--all-opted-out ignores the status"),
    (("--status-column", "x"), "--status-column: several columns have that heading"),
)


def test_options_that_contradict_the_file_or_each_other_are_refused(imports: Moving) -> None:
    """Before anything is written."""
    for options, complaint in CONTRADICTIONS:
        result = imports.run(imports.file(f"phone,status,x,x\n{PERSON},out,,\n"), *options, *AS_OF)
        assert (result.exit_code, imports.configured.written(), complaint in result.stderr) == (2, [], True), options


def test_the_use_of_each_column_is_printed_first(imports: Moving) -> None:
    """Also on a dry run, and to programs."""
    file = imports.file(f"Name,Phone,SMS Opted Out,Date\nx,{PERSON},yes,2025-03-01\n")
    result = imports.run(file, "--dry-run", "--json")
    assert result.stderr.splitlines()[0] == (
        "columns: number “Phone”; status “SMS Opted Out” (yes: opted out, no: nothing); time “Date”; not read: “Name”"
    )
    assert json.loads(result.stdout)["columns"] == {"number": "Phone", "status": "SMS Opted Out", "time": "Date"}


def test_a_file_of_numbers_only_is_read_as_opt_outs_and_says_so(imports: Moving) -> None:
    """With a heading or without."""
    for content in (f"{PERSON}\n{OTHER}\n", f"mobile\n{PERSON}\n{OTHER}\n"):
        assert "1 column: every line is an opt-out" in imports.done(content, *AS_OF).stderr
    assert imports.opted_out() == [PERSON, OTHER]


def test_corrected_rejects_of_a_file_of_numbers_need_no_further_option(imports: Moving) -> None:
    """The two columns that the rejects have beside the file's own tell nothing."""
    imports.run(imports.file("number\n4255550182\n"), *AS_OF)
    mended = (imports.folder / "opt-outs.rejects.csv").read_text().replace("4255550182", PERSON)
    imports.done(mended, *AS_OF)
    assert imports.opted_out() == [PERSON]


def test_a_first_line_with_a_number_is_not_lost_as_a_heading(imports: Moving) -> None:
    """Without its country, no line can be read: the option is asked for before the first opt-out is passed over."""
    for first in ("425 555 0182,yes", "(425) 555-0182,2025-03-01", "4255550182.0,x", "1.42556E+10,no"):
        result = imports.run(imports.file(f"{first}\n{first}\n"), "--number-column", "1", "--all-opted-out", *AS_OF)
        assert (result.exit_code, "the first line has no headings" in result.stderr) == (2, True), first
        assert "555" not in result.stderr


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Status", StatusKind.WORDS),
        ("phone", None),
        ("SMS", None),
        ("opted out at", StatusKind.TIME_OF_OPT_OUT),
        ("sms opt-out date", StatusKind.TIME_OF_OPT_OUT),
        ("Opt Out Status", StatusKind.YES_IS_OUT),
        ("SMS Opt-in Status", StatusKind.YES_IS_IN),
        ("Do not call", None),
        ("Order status", None),
        ("Accepts WhatsApp", None),
        ("sms_sms_status", StatusKind.WORDS),
        ("opt opt out", None),
        ("Marketing Consent", None),
        ("Marketing Status", None),
        ("Unsubscribed Marketing", None),
    ],
)
def test_a_heading_says_what_its_words_say_together(heading: str, kind: StatusKind | None) -> None:
    """One word more makes it another heading."""
    assert status_kind(heading) is kind
