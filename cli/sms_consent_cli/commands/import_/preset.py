"""Presets: how the files of known providers are read. Each is a data file in ``presets`` with its public source and a sample."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sms_consent.domain.decision import Asked
from sms_consent_cli.commands.import_.columns import Column, StatusRule, listed
from sms_consent_cli.commands.import_.heading import heading_key
from sms_consent_cli.commands.import_.status_column import NoRequest
from sms_consent_cli.shared.terminal_text import printable
from sms_consent_cli.shared.usage_error import UsageError

__all__ = ["Preset", "preset_for", "preset_names", "preset_of"]

FOLDER = Path(__file__).with_name("presets")
_MEANINGS: Mapping[str, Asked | NoRequest] = {
    "opt_out": Asked.OPT_OUT, "opt_in": Asked.OPT_IN, "nothing": NoRequest.NOTHING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """The columns and words of one provider's files."""

    name: str
    title: str
    sources: Sequence[str]
    requires: Sequence[str]
    recognised_by: Sequence[str]
    """The headings by which a file is recognised without ``--preset``."""
    columns: Mapping[Column, str]
    values: Mapping[str, Asked | NoRequest]
    sample: str
    opted_out: Sequence[str]
    """The numbers of the sample that are opted out after its import."""
    note: str | None = None
    timezone: str | None = None
    with_country_code: bool = False
    channels: frozenset[str] | None = None
    opted_in: tuple[str, Mapping[str, Asked | NoRequest]] | None = None

    def fits(self, headings: Sequence[str], *, named: bool) -> bool:
        """Return whether a file has the headings that this preset needs or, unless the preset is ``named``, is recognised
        by."""
        needed = self.requires if named else self.recognised_by
        return {heading_key(each) for each in needed} <= {heading_key(each) for each in headings}

    def chosen(self, headings: Sequence[str]) -> dict[Column, str]:
        """Return the columns of the preset that the file has, with their headings."""
        there = {heading_key(each) for each in headings}
        return {column: heading for column, heading in self.columns.items() if heading_key(heading) in there}

    def rule(self, rule: StatusRule) -> StatusRule:
        """Return the rule for the status, with the meanings of this provider's words added."""
        if Column.STATUS not in self.columns:
            return replace(rule, all_opted_out=True, preset=self.name)
        return replace(
            rule, values=self.values or None, opted_in=self.opted_in, channels=self.channels, preset=self.name
        )


def preset_names() -> list[str]:
    """Return the names of all presets."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def preset_of(name: str) -> Preset:
    """Return a preset by its name. Raises UsageError if there is none."""
    if name not in preset_names():
        raise UsageError(f"--preset: there is none for {printable(name)}, but {', '.join(preset_names())}")
    return _read(name)


def preset_for(headings: Sequence[str], name: str | None) -> Preset | None:
    """Return the preset that an option names, or the one that recognises the headings, or None.

    Raises UsageError if the file does not have the headings of the named preset.
    """
    if name is None:
        fitting = [each for each in map(_read, preset_names()) if each.fits(headings, named=False)]
        return fitting[0] if len(fitting) == 1 else None
    preset = preset_of(name)
    if not preset.fits(headings, named=True):
        raise UsageError(
            f"--preset {name}: the file has not all of {', '.join(preset.requires)}. Its headings are {listed(headings)}"
        )
    return preset


@cache
def _read(name: str) -> Preset:
    stored = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    opted_in = stored.get("opted_in")
    return Preset(
        name=name,
        title=stored["title"],
        sources=stored["sources"],
        requires=stored["requires"],
        recognised_by=stored.get("recognised_by", stored["requires"]),
        columns={Column(column): heading for column, heading in stored["columns"].items()},
        values=_values(stored.get("values", {})),
        sample=stored["sample"]["content"].lstrip("\n"),
        opted_out=stored["sample"]["opted_out"],
        note=stored.get("note"),
        timezone=stored.get("timezone"),
        with_country_code=stored.get("with_country_code", False),
        channels=frozenset(stored["channels"]) if "channels" in stored else None,
        opted_in=(opted_in["heading"], _values(opted_in)) if opted_in is not None else None,
    )


def _values(stored: Mapping[str, list[str]]) -> dict[str, Asked | NoRequest]:
    return {heading_key(word): meaning for kind, meaning in _MEANINGS.items() for word in stored.get(kind, [])}
