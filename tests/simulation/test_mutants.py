"""Each mutation can be applied: one whose symbol or place is gone would be tried in vain."""

from __future__ import annotations

import ast
from functools import cache

import pytest
from simulation.mutants import MUTANTS
from simulation.mutants_for_tests import MUTANTS_FOR_TESTS
from simulation.mutation import Mutant, Symbols
from support.template import REPOSITORY


@cache
def symbols() -> Symbols:
    return Symbols(REPOSITORY)


@pytest.mark.parametrize("mutant", [*MUTANTS, *MUTANTS_FOR_TESTS], ids=lambda mutant: mutant.name)
def test_a_mutation_changes_the_code_in_one_place(mutant: Mutant) -> None:
    """And its tests exist."""
    for source in symbols().mutated(mutant).values():
        ast.parse(source)
    for test in mutant.tests:
        assert (REPOSITORY / test.partition("::")[0]).exists()
