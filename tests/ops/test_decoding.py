"""Decoding against the enumeration of all sequences."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from keras_rnn_zoo.ops import (
    BeamSampler,
    GreedySampler,
    RandomSampler,
    TopKSampler,
    TopPSampler,
    decoding,
    samplers,
)

START, END, TOKENS, LENGTH = 1, 2, 5, 4


class Toy:
    """A recurrent model of tokens in NumPy, and as a step of tensors.

    The state decides what comes next, so that beams with each other's states would
    have other scores.
    """

    def __init__(self, rng, sources=2, steps=3, width=4):
        self.E = rng.normal(size=(TOKENS, width))
        self.U = rng.normal(size=(width, width))
        self.V = 1.5 * rng.normal(size=(width, TOKENS))
        self.A = 2 * rng.normal(size=(width, steps))
        self.h0 = rng.normal(size=(sources, width))

    def step_numpy(self, token, h):
        h = np.tanh(self.E[token] + h @ self.U)
        o, a = h @ self.V, np.exp(h @ self.A)
        return o - np.log(np.exp(o).sum()), h, a / a.sum()

    def step(self, tokens, states):
        [h] = states
        E, U, V, A = (one.astype("float32") for one in (self.E, self.U, self.V, self.A))
        h = ops.tanh(ops.take(E, tokens, axis=0) + ops.matmul(h, U))
        log_p = ops.log_softmax(ops.matmul(h, V))
        return log_p, [h], ops.softmax(ops.matmul(h, A))

    def states(self, beams=1):
        h0 = ops.convert_to_tensor(self.h0.astype("float32"))
        return [decoding.tile_beams(h0, beams)]


def every_sequence(toy, source, alpha=0.0, beta=0.0, may=lambda tokens: True):
    """All sequences and their scores, the best one first."""
    found = []
    for count in range(LENGTH):
        for inner in itertools.product(range(3, TOKENS), repeat=count):
            tokens = (*inner, END)
            if not may(tokens):
                continue
            h, total, previous, covered = toy.h0[source], 0.0, START, 0.0
            for token in tokens:
                log_p, h, alignment = toy.step_numpy(previous, h)
                total, previous = total + log_p[token], token
                covered = covered + alignment
            score = total / ((5 + len(tokens)) / 6) ** alpha
            score += beta * np.log(np.minimum(covered, 1)).sum() if beta else 0
            found.append((score, tokens + (0,) * (LENGTH - len(tokens))))
    return sorted(found, reverse=True)


def search(toy, beams=30, rules=None, **options):
    sampler = BeamSampler(beams, True, **options)
    rules = rules or decoding.Rules(START, END, LENGTH)
    rows = len(toy.h0)
    mask = np.ones((rows, toy.A.shape[1]), "bool")
    found = decoding.decode(
        toy.step, toy.states(beams), rules, sampler, rows, source_mask=mask
    )
    return [ops.convert_to_numpy(one) for one in found]


@pytest.mark.parametrize(
    "alpha, beta", [(0.0, 0.0), (0.8, 0.0), (3.0, 0.0), (0.6, 0.4)]
)
def test_many_beams_are_the_enumeration_in_score_and_order(alpha, beta, rng):
    toy = Toy(rng)
    tokens, scores, lengths = search(toy, length_penalty=alpha, coverage_penalty=beta)
    for source in range(2):
        expected = every_sequence(toy, source, alpha, beta)
        count = len(expected)  # 1 + 2 + 4 + 8
        assert count == 15
        wanted = np.array([one[1] for one in expected])
        np.testing.assert_array_equal(tokens[source, :count], wanted)
        np.testing.assert_allclose(
            scores[source, :count], [one[0] for one in expected], rtol=2e-5
        )
        assert np.all(scores[source, count:] == -np.inf)
        assert not tokens[source, count:].any()
        np.testing.assert_array_equal(lengths[source, :count], (wanted != 0).sum(1))


def test_what_is_forbidden_is_not_found(rng):
    toy = Toy(rng)
    transitions = np.ones((TOKENS, TOKENS), "bool")
    transitions[3, 3] = False
    allowed = np.ones((1, 2, TOKENS), "bool")
    allowed[0, 1, 4] = False  # the last row holds for all steps behind it
    rules = decoding.Rules(START, END, LENGTH, 1, allowed, transitions)

    def may(tokens):
        pairs = zip(tokens, tokens[1:], strict=False)
        return len(tokens) > 1 and 4 not in tokens[1:] and (3, 3) not in pairs

    tokens, scores, _ = search(toy, rules=rules)
    expected = every_sequence(toy, 1, may=may)
    assert [tuple(one) for one in tokens[1][: len(expected)]] == [
        one[1] for one in expected
    ]
    assert scores[1, len(expected)] == -np.inf
    nothing = decoding.Rules(START, END, LENGTH, 0, np.zeros((1, 1, TOKENS), "bool"))
    assert np.all(search(toy, rules=nothing)[1] == -np.inf)
    found = decoding.sample(toy.step, toy.states(), nothing, GreedySampler(), 2)
    assert np.all(found.scores == -np.inf) and not np.any(found.tokens)


def swapping(tokens, states):
    """Two beams of which the second one becomes the first: each adds its own state."""
    [h] = states  # (rows, 1), the token that was chosen first
    h = ops.where(h == 0, ops.cast(tokens[:, None], "float32"), h)
    h = ops.where(h == START, 0.0, h)
    first = ops.log(np.array([0, 0, 0, 0.6, 0.4], "float32") + 1e-20)
    of_three = ops.log(np.array([0, 0, 0.3, 0.3, 0.4], "float32") + 1e-20)
    of_four = ops.log(np.array([0, 0, 0.01, 0.01, 0.98], "float32") + 1e-20)
    later = ops.where(h == 3, of_three, of_four)
    return ops.where(h == 0, first, later), [h], None


def test_two_beams_that_swap_keep_their_own_states():
    rules = decoding.Rules(START, END, 4)
    found = decoding.beam_search(
        swapping, [ops.zeros((2, 1))], rules, BeamSampler(2, True), 1
    )
    # .4 * .98 comes before .6 * .4, and the beams change their places.
    tokens, scores, lengths = (ops.convert_to_numpy(one) for one in found)
    np.testing.assert_array_equal(tokens[0], [[3, 4, 4, END], [4, 4, 4, END]])
    expected = [0.6 * 0.4 * 0.4 * 0.3, 0.4 * 0.98**2 * 0.01]
    np.testing.assert_allclose(np.exp(scores[0]), expected, rtol=1e-4)
    np.testing.assert_array_equal(lengths, [[4, 4]])


def test_a_batch_is_one_by_one_and_a_finished_beam_keeps_what_it_has(rng):
    toy = Toy(rng, sources=5)
    options = {"length_penalty": 0.7, "coverage_penalty": 0.1}
    together = search(toy, beams=3, **options)
    h0 = toy.h0
    for row in range(5):
        toy.h0 = h0[row : row + 1]
        for all_rows, alone in zip(together, search(toy, 3, **options), strict=True):
            np.testing.assert_allclose(all_rows[row], alone[0], rtol=1e-5)
    toy.h0 = h0
    longer = search(toy, 3, decoding.Rules(START, END, 40))
    toy.V[:, END] += 9  # all end at once: what comes later changes nothing
    at_once = search(toy, 3, decoding.Rules(START, END, 40))
    assert at_once[2].min() == 1 and longer[0].shape == (5, 3, 40)


def test_one_beam_is_greedy_and_groups_differ(rng):
    toy = Toy(rng, sources=6)
    rules = decoding.Rules(START, END, 8)
    greedy = decoding.sample(toy.step, toy.states(), rules, GreedySampler(), 6)
    one = search(toy, 1, rules)
    np.testing.assert_array_equal(one[0][:, 0], greedy.tokens)
    np.testing.assert_allclose(one[1][:, 0], greedy.scores, rtol=1e-5)
    same = search(toy, 2, rules, num_groups=2, diversity=0.0)
    np.testing.assert_array_equal(same[0][:, 0], same[0][:, 1])
    apart = search(toy, 2, rules, num_groups=2, diversity=50.0)
    begins = np.sort(apart[0][:, :, 0], axis=1)
    assert np.all(begins[:, 0] != begins[:, 1])
    for row in range(6):  # scores are without what was taken off
        total, h, previous = 0.0, toy.h0[row], START
        for token in apart[0][row, 1][: apart[2][row, 1]]:
            log_p, h, _ = toy.step_numpy(previous, h)
            total, previous = total + log_p[token], token
        np.testing.assert_allclose(apart[1][row, 1], total, rtol=1e-5)


def test_samplers_draw_what_they_may(rng):
    logits = np.log(np.array([[0.1, 0.2, 0.4, 0.3]], "float32"))
    draws = (np.arange(2000) / 2000).astype("float32")
    many = np.repeat(logits, len(draws), 0)

    def shares(sampler):
        chosen = ops.convert_to_numpy(sampler.choose(many, draws))
        return np.bincount(chosen, minlength=4) / len(draws)

    def near(sampler, expected):
        np.testing.assert_allclose(shares(sampler), expected, atol=2e-3)

    near(GreedySampler(), [0, 0, 1, 0])
    near(RandomSampler(), [0.1, 0.2, 0.4, 0.3])
    squares = np.array([0.1, 0.2, 0.4, 0.3]) ** 2
    near(RandomSampler(temperature=0.5), squares / squares.sum())
    near(TopKSampler(k=2), [0, 0, 4 / 7, 3 / 7])
    near(TopKSampler(k=9), [0.1, 0.2, 0.4, 0.3])
    near(TopPSampler(p=0.5), [0, 0, 4 / 7, 3 / 7])
    near(TopPSampler(p=0.39), [0, 0, 1, 0])
    near(TopPSampler(p=0.95, k=3), [0, 2 / 9, 4 / 9, 3 / 9])


def test_samplers_are_known_by_name_and_come_back():
    for name in samplers.NAMES:
        sampler = samplers.get(name)
        again = samplers.get(samplers.serialize(sampler))
        assert type(again) is type(sampler)
        assert again.get_config() == sampler.get_config()
    with pytest.raises(ValueError, match="'greedy'.*sampler='best'"):
        samplers.get("best")
    with pytest.raises(TypeError, match="sampler=3"):
        samplers.get(3)
    for wrong, message in [
        (lambda: RandomSampler(temperature=0), "temperature=0"),
        (lambda: TopKSampler(k=0), "k=0"),
        (lambda: TopPSampler(p=1.5), "p=1.5"),
        (lambda: BeamSampler(0), "num_beams=0"),
        (lambda: BeamSampler(5, num_groups=2), "num_groups=2, num_beams=5"),
        (lambda: BeamSampler(length_penalty=-1), "length_penalty=-1"),
    ]:
        with pytest.raises(ValueError, match=message):
            wrong()
    with pytest.raises(TypeError, match="return_all_beams=1"):
        BeamSampler(5, 1)


def test_a_coverage_penalty_needs_attention():
    rules = decoding.Rules(START, END, 4)
    sampler = BeamSampler(2, coverage_penalty=0.2)
    with pytest.raises(ValueError, match="coverage_penalty=0.2"):
        decoding.decode(swapping, [ops.zeros((2, 1))], rules, sampler, 1)


def test_it_is_one_compiled_loop(rng):
    toy = Toy(rng, sources=3)
    rules = decoding.Rules(START, END, 6)

    def run(h):
        states = [decoding.tile_beams(h, 3)]
        return tuple(
            decoding.beam_search(
                toy.step, states, rules, BeamSampler(3, True), ops.shape(h)[0]
            )
        )

    if keras.backend.backend() == "tensorflow":
        compiled = decoding.compile_loop(run, ((None, 4), "float32"))
        expected = search(toy, 3, rules)
        found = compiled(ops.convert_to_tensor(toy.h0.astype("float32")))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)


def test_what_may_stand_where():
    """Of five tokens, 1 begins and 2 ends: two to four tokens with the end."""
    rules = decoding.Rules(1, 2, 4, 1)
    rows = [
        rules.apply(ops.zeros((1, 5)), t, ops.ones((1,), "int32"))[0] for t in range(4)
    ]
    may = np.asarray(rows) > -1.0
    within = [False, False, True, True, True]
    np.testing.assert_array_equal(
        may,
        [[False] * 3 + [True] * 2, within, within, [False, False, True, False, False]],
    )


def test_entries_are_gathered_as_numpy_does(rng):
    tensor = rng.normal(size=(3, 4, 2)).astype("float32")
    places = rng.integers(0, 4, size=(3, 5))
    several = np.take_along_axis(tensor, places[..., None], 1)
    for given, expected in ((places, several), (places[:, 0], several[:, 0])):
        found = decoding.gather(ops.convert_to_tensor(tensor), given, 1, 1)
        np.testing.assert_array_equal(found, expected)
