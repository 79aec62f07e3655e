"""An operator changes one place, found by names, or refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulation.mutation import (
    Edit,
    Mutant,
    MutationError,
    Symbols,
    argument,
    compare,
    drop,
    insert,
    move,
    never,
    replace,
    returns,
    swap,
    value,
    without,
)

CHECK = """        if self.locked and not self.broken:
            return True
"""
NOTE = """        with self.guard:
            notify(self, late=True)
"""
SOURCE = f'''
LIMIT: int = 3

class Door:
    @property
    def shut(self):
        """Return whether it is shut."""
{CHECK}{NOTE}        try:
            self.close(hard=False)
        except Stuck:
            log(self)
        return self.angle < LIMIT
'''


@pytest.fixture
def symbols(tmp_path: Path) -> Symbols:
    folder = tmp_path / "functions" / "house"
    folder.mkdir(parents=True)
    (tmp_path / "cli").mkdir()
    (folder / "door.py").write_text(SOURCE)
    (folder / "window.py").write_text("LIMIT = 5\n")
    return Symbols(tmp_path)


@pytest.mark.parametrize(
    ("edit", "was", "becomes"),
    [
        (value("door:LIMIT", "4"), "LIMIT: int = 3", "LIMIT: int = 4"),
        (never("Door.shut", "locked"), "self.locked and not self.broken", "False"),
        (without("Door.shut", "broken"), "self.locked and not self.broken", "self.locked"),
        (returns("Door.shut", "False", "angle"), "return self.angle < LIMIT", "return False"),
        (compare("Door.shut", ">=", "LIMIT"), "self.angle < LIMIT", "self.angle >= LIMIT"),
        (drop("Door.shut", "notify"), "notify(self, late=True)", "pass"),
        (drop("Door.shut", "log", under="Stuck"), "log(self)", "pass"),
        (
            replace("Door.shut", "pass", "Stuck"),
            SOURCE[SOURCE.index("try") : SOURCE.index("        return self.a")],
            "pass\n",
        ),
        (insert("Door.shut", "self.close()", "notify"), "notify(", "self.close()\n            notify("),
        (move("Door.shut", "locked", after="guard"), CHECK + NOTE, NOTE + CHECK),
        (swap("Door.shut", ".angle", ".locked"), "self.angle", "self.locked"),
        (swap("Door.shut", "True", "False", "late"), "late=True", "late=False"),
        (argument("Door.shut", "close", "hard"), "self.close(hard=False)", "self.close()"),
    ],
)
def test_an_operator_changes_one_place(symbols: Symbols, edit: Edit, was: str, becomes: str) -> None:
    """The rest of the symbol and of the module stay as they are."""
    [(path, changed)] = symbols.mutated(Mutant("one", (edit,))).items()
    assert path == Path("functions/house/door.py")
    docstring = '"""Return whether it is shut."""'
    assert _plain(changed) == _plain(SOURCE.replace(was, becomes))
    assert docstring in changed


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (value("LIMIT", "4"), "LIMIT is in .*door.*window"),
        (value("Door.open", "4"), "Door.open is in no module"),
        (value("Door.shut", "4"), "is no constant"),
        (never("Door.shut", "angle"), "condition with angle: 0 places"),
        (drop("Door.shut", "self"), "statement with self: 5 places"),
        (value("door:LIMIT", "3"), "changes nothing"),
        (value("door:LIMIT", "LONGEST"), "does not exist: LONGEST"),
        (returns("Door.shut", "self.wide"), "does not exist: wide"),
        (move("Door.shut", "locked", after="log"), "not in one block"),
    ],
)
def test_an_operator_without_exactly_one_place_is_an_error(symbols: Symbols, edit: Edit, message: str) -> None:
    """A mutation that changes nothing, or something else, would be noticed by nothing, or for another reason."""
    with pytest.raises(MutationError, match=message):
        symbols.mutated(Mutant("one", (edit,)))


def _plain(source: str) -> list[str]:
    return [line.replace("(", "").replace(")", "").strip() for line in source.splitlines() if line.strip()]
