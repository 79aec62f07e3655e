"""Updates with conditional writes."""

from __future__ import annotations

import pytest

from sms_consent.domain.errors import Moved, Unavailable
from sms_consent.domain.transitions import update


class _Record:
    """One stored number, which another writer changes before each of the first ``lost`` writes."""

    def __init__(self, stored: int | None, lost: int = 0) -> None:
        self.stored = stored
        self.lost = lost
        self.writes = 0

    def save(self, changed: int, replacing: int | None) -> None:
        if self.lost:
            self.lost -= 1
            self.stored = (self.stored or 0) + 10
        if replacing != self.stored:
            raise Moved(self.stored)
        self.stored = changed
        self.writes += 1


def _plus_one(stored: int | None) -> int:
    return (stored or 0) + 1


def test_a_change_is_applied_to_what_others_have_written() -> None:
    """A refused write returns what is stored, and the change is made again on that."""
    record = _Record(5, lost=2)
    assert update(5, _plus_one, record.save) == 26
    assert (record.stored, record.writes) == (26, 1)


def test_the_first_write_needs_no_read() -> None:
    """None stands for a record that is probably new."""
    record = _Record(None)
    assert update(None, _plus_one, record.save) == 1


@pytest.mark.parametrize("result", [None, 5])
def test_nothing_is_written_where_nothing_changes(result: int | None) -> None:
    """The change returns None, or the record as it is."""
    record = _Record(5)
    assert update(5, lambda _: result, record.save) == 5
    assert record.writes == 0


def test_an_update_gives_up_after_its_attempts() -> None:
    """The caller tries again later."""
    record = _Record(5, lost=3)
    with pytest.raises(Unavailable):
        update(5, _plus_one, record.save, attempts=3)
    assert record.writes == 0
