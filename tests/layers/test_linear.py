"""A cell that declares to be linear is, and one that is diagonal keeps units apart."""

import numpy as np
import pytest

from tests.cases import ONE_EACH
from tests.compare import randomise

LINEAR = [case for case in ONE_EACH if case.cell.linear]


@pytest.mark.parametrize("case", LINEAR, ids=lambda case: case.id)
def test_new_memories_are_an_affine_map_of_the_old(case, rng):
    cell = case.make_cell(dtype="float64")
    cell.build((None, 3))
    randomise(cell, rng)
    x = rng.normal(size=(1, 3))
    memory = [name not in cell.bookkeeping for name in cell.state_names]
    fixed = [rng.normal(size=(1, size)) for size in cell.state_sizes]

    def after(states):
        _, new = cell(
            x, [s if m else f for s, f, m in zip(states, fixed, memory, strict=True)]
        )
        return np.stack([s for s, m in zip(new, memory, strict=True) if m])

    a, b = ([rng.normal(size=s.shape) for s in fixed] for _ in range(2))
    mixed = [0.3 * one + 0.7 * other for one, other in zip(a, b, strict=True)]
    assert np.abs(after(mixed) - 0.3 * after(a) - 0.7 * after(b)).max() < 1e-12
    moved = [s + np.eye(1, s.shape[1]) for s in a]
    change = np.abs(after(moved) - after(a))
    assert change[..., 0].max() > 1e-3
    assert (change[..., 1:].max() < 1e-12) == (cell.linear == "diagonal")
