"""Files of known providers: the sample of each preset is imported, and its subscribers stay subscribed."""

from __future__ import annotations

import csv
from urllib.parse import urlsplit

import pytest
from support.moving import Moving
from support.world import PERSON

from sms_consent_cli.commands.import_.columns import Column
from sms_consent_cli.commands.import_.preset import Preset, preset_names, preset_of

pytestmark = pytest.mark.slow

AS_OF = ("--as-of", "2025-06-01T00:00:00Z")
PRESETS = [preset_of(name) for name in preset_names()]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
@pytest.mark.parametrize("named", [True, False])
def test_the_sample_of_a_provider_opts_out_who_opted_out(imports: Moving, preset: Preset, named: bool) -> None:
    """In the ledger and, after sweep, on the list; also if only its headings tell the provider."""
    result = imports.done(preset.sample, *AS_OF, *(("--preset", preset.name) if named else ()))
    assert imports.opted_out() == list(preset.opted_out)
    imports.configured.world.sweep()
    assert imports.listed() == set(preset.opted_out)
    assert f"preset {preset.name}: {preset.title}" in result.stderr
    assert "@example.com" not in result.output
    assert "42555501" not in result.output


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_has_public_sources_and_names_headings_of_its_sample(preset: Preset) -> None:
    """Each heading that it reads is in the sample."""
    assert preset.sources
    assert {urlsplit(source).scheme for source in preset.sources} == {"https"}
    headings = preset.sample.splitlines()[0].replace("\t", ",")
    assert set(preset.columns.values()) | set(preset.requires) <= set(next(csv.reader([headings])))
    assert Column.NUMBER in preset.columns


def test_a_preset_that_does_not_fit_is_refused(imports: Moving) -> None:
    """With the headings that it needs, and those of the file."""
    file = imports.file(f"phone,status\n{PERSON},unsubscribed\n")
    refusals = [imports.run(file, *AS_OF, "--preset", name) for name in ("shopify", "shopfy")]
    assert [result.exit_code for result in refusals] == [2, 2]
    assert "Accepts SMS Marketing" in refusals[0].stderr
    assert "“phone”, “status”" in refusals[0].stderr
    assert "there is none for “shopfy”, but aws, bird" in refusals[1].stderr
    assert imports.configured.written() == []


def test_an_option_goes_before_a_preset(imports: Moving) -> None:
    """A column that was named is read instead of the preset's."""
    content = preset_of("civicrm").sample.replace("Phone\n", "Home-Phone\n")
    imports.done(content, *AS_OF, "--preset", "civicrm", "--number-column", "Home-Phone")
    assert imports.opted_out() == ["+14255550183"]


def test_times_of_a_preset_are_in_its_zone(imports: Moving) -> None:
    """MobileConnect stores Central Standard Time."""
    imports.done(preset_of("salesforce-mobileconnect").sample, *AS_OF)
    consent = imports.consent("+14255550183")
    assert consent is not None
    assert consent.decided_at.isoformat() == "2025-03-01T16:00:00+00:00"
