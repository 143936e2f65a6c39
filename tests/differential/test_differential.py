"""Some seeds of the campaign, the same at every run."""

import pytest

from tests.differential import compare, draw


@pytest.mark.parametrize("seed", range(60))
def test_every_path_is_the_loop(seed):
    compare(seed)


def test_a_seed_draws_the_same_again_and_all_seeds_all_there_is():
    drawn = [draw(seed) for seed in range(2000)]
    assert drawn[17] == draw(17)
    for name in ("cell", "mask", "path", "place", "dtype", "initial_state"):
        assert len({getattr(one, name) for one in drawn}) >= 3, name
