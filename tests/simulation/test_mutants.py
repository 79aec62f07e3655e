"""Each mutation changes the code as it is: one whose text is gone would be tried in vain."""

from __future__ import annotations

import pytest
from simulation.mutants import MUTANTS, Mutant, mutated
from simulation.mutants_for_tests import MUTANTS_FOR_TESTS
from support.template import REPOSITORY


@pytest.mark.parametrize("mutant", [*MUTANTS, *MUTANTS_FOR_TESTS], ids=lambda mutant: mutant.name)
def test_a_mutation_changes_the_code_in_one_place(mutant: Mutant) -> None:
    """And its tests exist."""
    folder = REPOSITORY if mutant.path.startswith("cli/") else REPOSITORY / "functions"
    source = (folder / mutant.path).read_text(encoding="utf-8")
    assert mutated(source, mutant) != source
    for test in mutant.tests:
        assert (REPOSITORY / test.partition("::")[0]).exists()
