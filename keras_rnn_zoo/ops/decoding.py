"""Sequences from a step that says how likely each next token is.

One loop for a batch of sources, which a caller compiles. `step(tokens, states)` is
given int32 `(rows,)` and a list of tensors with `rows` in front, and returns
`(log_probabilities, states, alignment)`: `(rows, tokens)`, the new states, and the
attention to the source, `(rows, steps)`, or None. With beams there are `num_beams` rows
for each source, side by side, and the states are reordered as the beams are; what
belongs to a source and never changes, as an encoder's memory, the step holds itself.

Token 0 is padding and is never chosen, nor is `start`; `end` ends a sequence and counts
in its length. The last of `max_length` tokens can only be the end. Scores are sums of
the step's log-probabilities, which are not normalised again where tokens are forbidden.
Where no token is allowed a sequence ends without its end, with the score -inf.
"""

import typing
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.ops.samplers import IMPOSSIBLE, BeamSampler, gather


class Decoded(typing.NamedTuple):
    """What was decoded.

    Attributes:
        tokens: int32 `(batch, max_length)`, or `(batch, num_beams, max_length)`; 0
            behind the end.
        scores: float32 `(batch,)` or `(batch, num_beams)`; the best beam first.
        lengths: int32, as the scores. The end counts.
    """

    tokens: object
    scores: object
    lengths: object


class Rules(typing.NamedTuple):
    """What may be decoded.

    Attributes:
        start: int. The token that is fed first.
        end: int. The token behind which there is nothing.
        max_length: int. The greatest number of tokens, with the end.
        min_length: int. The least number of tokens before the end.
        allowed: bool tensor `(batch or 1, max_length or 1, tokens)`, or None: the
            tokens that may stand at each step.
        transitions: bool tensor `(tokens, tokens)`, or None: whether the second token
            may follow the first.
    """

    start: int
    end: int
    max_length: int
    min_length: int = 0
    allowed: object = None
    transitions: object = None

    def apply(self, log_probabilities, t, previous):
        """Log-probabilities with `IMPOSSIBLE` for what may not be.

        Args:
            log_probabilities: float32 `(batch, …, tokens)`.
            t: int32 scalar, the step.
            previous: int32, as `log_probabilities` without its last axis.
        """
        shape = log_probabilities.shape
        may = gather(ops.convert_to_tensor(self._may_stand(shape[-1])), t)
        if self.allowed is not None:
            now = ops.minimum(t, ops.shape(self.allowed)[1] - 1)
            allowed = gather(self.allowed, now, axis=1)
            allowed = allowed if len(shape) == 2 else allowed[:, None]
            may = ops.logical_and(may, allowed)
        if self.transitions is not None:
            follows = gather(ops.convert_to_tensor(self.transitions), previous)
            may = ops.logical_and(may, follows)
        possible = ops.maximum(log_probabilities, IMPOSSIBLE)
        return ops.where(may, possible, IMPOSSIBLE)

    def _may_stand(self, width):
        """What may stand at each step for all sources: `(max_length, tokens)`."""
        ids, steps = np.arange(width)[None], np.arange(self.max_length)[:, None]
        may = (ids != 0) & (ids != self.start)
        may = may & ((ids != self.end) | (steps >= self.min_length))
        return may & ((ids == self.end) | (steps < self.max_length - 1))


def decode(step, states, rules, sampler, rows, draws=None, source_mask=None):
    """Decodes with any sampler.

    Args:
        step: see the module.
        states: list of tensors `(batch, …)`, the states before the first step; for a
            beam search `(batch * num_beams, …)`, see `tile_beams`.
        rules: `Rules`.
        sampler: a `Sampler`.
        rows: the number of sources.
        draws: float32 `(batch, max_length)` in [0, 1), for samplers that draw.
        source_mask: bool `(batch, steps)`, for a coverage penalty.

    Returns:
        `Decoded`.
    """
    if isinstance(sampler, BeamSampler):
        found: Any = beam_search(step, states, rules, sampler, rows, source_mask)
        if sampler.return_all_beams:
            return found
        return Decoded(*(one[:, 0] for one in found))
    return sample(step, states, rules, sampler, rows, draws)


def sample(step, states, rules, sampler, rows, draws=None):
    """Decodes one sequence for each source, one token after the other; see `decode`."""
    length = rules.max_length
    positions = ops.arange(length, dtype="int32")

    def body(t, previous, tokens, scores, done, *states):
        lp, new, _ = step(previous, list(states))
        lp = rules.apply(ops.cast(lp, "float32"), t, previous)
        draws_now = sampler.draws and draws is not None
        draw = gather(draws, t, axis=1) if draws_now else None
        chosen = ops.cast(sampler.choose(lp, draw), "int32")
        gain = gather(lp, chosen, axis=1, batch_dims=1)
        over = ops.logical_or(done, gain <= IMPOSSIBLE / 2)
        chosen = ops.where(over, 0, chosen)
        scores = ops.where(done, scores, ops.maximum(scores + gain, IMPOSSIBLE))
        tokens = ops.where(positions == t, chosen[:, None], tokens)
        done = ops.logical_or(over, chosen == rules.end)
        return (t + 1, chosen, tokens, scores, done, *_alike(new, states))

    first = (
        ops.zeros((), "int32"),
        ops.full((rows,), rules.start, "int32"),
        ops.zeros((rows, length), "int32"),
        ops.zeros((rows,), "float32"),
        ops.zeros((rows,), "bool"),
        *states,
    )
    _, _, tokens, scores, *_ = ops.while_loop(
        lambda t, _, tokens, scores, done, *states: ops.logical_and(
            t < length, ops.logical_not(ops.all(done))
        ),
        body,
        first,
    )
    return _decoded(tokens, scores)


def beam_search(step, states, rules, sampler, rows, source_mask=None):
    """Decodes with beams, as `BeamSampler` says; see `decode`.

    An end is taken where it is among the best `num_beams / num_groups` ways on of its
    group, and the beam's place goes to the next best way. Beyond the penalties, that is
    all that is left out: with as many beams as there are sequences, it is exact.

    Returns:
        `Decoded`, of `(batch, num_beams)` sequences, the best one first.
    """
    groups, beams = sampler.num_groups, sampler.num_beams
    size, length = beams // groups, rules.max_length
    positions = ops.arange(length, dtype="int32")

    def body(t, previous, tokens, logp, coverage, done_tokens, done_scores, *states):
        lp, new, alignment = step(ops.reshape(previous, (-1,)), list(states))
        width = lp.shape[-1]
        lp = ops.reshape(ops.cast(lp, "float32"), (-1, beams, width))
        total = logp[..., None] + rules.apply(lp, t, previous)
        total = ops.maximum(total, IMPOSSIBLE)
        covered = coverage
        if sampler.coverage_penalty:
            if alignment is None:
                raise ValueError(
                    "`coverage_penalty` must be 0 for a model without attention. "
                    f"Received: coverage_penalty={sampler.coverage_penalty!r}."
                )
            alignment = ops.cast(alignment, "float32")
            covered = coverage + ops.reshape(alignment, ops.shape(coverage))
        is_end = ops.convert_to_tensor(np.arange(width) == rules.end)
        collected: list = []
        taken: Any = 0.0
        for g in range(groups):

            def own(tensor, g=g):
                return tensor if groups == 1 else tensor[:, g * size : (g + 1) * size]

            here = own(total)
            seen = here - sampler.diversity * taken[:, None] if g else here
            flat = ops.reshape(seen, (-1, size * width))
            threshold = ops.top_k(flat, size)[0][:, -1:]
            # Those that end here, beside those that have ended before.
            last, seen_last = here[..., rules.end], seen[..., rules.end]
            ends = ops.logical_and(seen_last >= threshold, last > IMPOSSIBLE / 2)
            score = _final(sampler, last, t + 1, own(covered), source_mask)
            ended = ops.where(positions == t, rules.end, own(tokens))
            score = ops.where(ends, score, IMPOSSIBLE)
            pool = ops.concatenate([own(done_scores), score], axis=1)
            best, place = ops.top_k(pool, size)
            pool = ops.concatenate([own(done_tokens), ended], axis=1)
            best_tokens = gather(pool, place, axis=1, batch_dims=1)
            # Those that go on.
            on = ops.where(is_end, IMPOSSIBLE, seen)
            _, place = ops.top_k(ops.reshape(on, (-1, size * width)), size)
            place = ops.cast(place, "int32")
            parent, token = place // width, place % width
            alive = ops.where(is_end, IMPOSSIBLE, here)
            alive = ops.reshape(alive, (-1, size * width))
            kept = gather(alive, place, axis=1, batch_dims=1)
            dead = kept <= IMPOSSIBLE / 2
            token = ops.where(dead, 0, token)
            kept = ops.where(dead, IMPOSSIBLE, kept)
            collected.append((parent + g * size, token, kept, best_tokens, best))
            if g + 1 == groups:
                break
            one_hot = ops.one_hot(token, width, dtype="float32")
            one_hot = one_hot * ops.cast(~dead, "float32")[..., None]
            ended_here = ops.sum(ops.cast(ends, "float32"), axis=1, keepdims=True)
            taken = taken + ops.sum(one_hot, axis=1)
            taken = taken + ended_here * ops.cast(is_end, "float32")
        parent, token, logp, done_tokens, done_scores = (
            ops.concatenate(parts, axis=1) if groups > 1 else parts[0]
            for parts in zip(*collected, strict=True)
        )
        tokens = gather(tokens, parent, axis=1, batch_dims=1)
        tokens = ops.where(positions == t, token[..., None], tokens)
        if sampler.coverage_penalty:
            covered = gather(covered, parent, axis=1, batch_dims=1)
        order = ops.reshape(first_beam + parent, (-1,))
        new = [gather(one, order) for one in _alike(new, states)]
        new = _alike(new, states)
        return t + 1, token, tokens, logp, covered, done_tokens, done_scores, *new

    def goes_on(t, previous, tokens, logp, coverage, done_tokens, done_scores, *states):
        # Longer is divided by more, up to what the greatest length divides by.
        best = logp / _length_penalty(sampler, ops.cast(length, "float32"))
        best = ops.max(ops.reshape(best, (-1, groups, size)), axis=-1)
        alive = ops.max(ops.reshape(logp, (-1, groups, size)), axis=-1)
        worst = ops.min(ops.reshape(done_scores, (-1, groups, size)), axis=-1)
        hope = ops.logical_and(alive > IMPOSSIBLE / 2, best > worst)
        return ops.logical_and(t < length, ops.any(hope))

    first_beam = ops.arange(rows, dtype="int32")[:, None] * beams
    steps = 1
    if sampler.coverage_penalty and source_mask is not None:
        steps = ops.shape(source_mask)[1]
    one_each = np.where(np.arange(beams) % size == 0, 0.0, IMPOSSIBLE)
    logp = ops.zeros((rows, beams), "float32") + one_each.astype("float32")
    first = (
        ops.zeros((), "int32"),
        ops.full((rows, beams), rules.start, "int32"),
        ops.zeros((rows, beams, length), "int32"),
        logp,
        ops.zeros((rows, beams, steps), "float32"),
        ops.zeros((rows, beams, length), "int32"),
        ops.full((rows, beams), IMPOSSIBLE, "float32"),
        *states,
    )
    *_, tokens, scores = ops.while_loop(goes_on, body, first)[:7]
    scores, order = ops.top_k(scores, beams)
    tokens = gather(tokens, order, axis=1, batch_dims=1)
    return _decoded(tokens, scores)


def tile_beams(tensor, beams):
    """Each row as often as there are beams, side by side."""
    return ops.repeat(tensor, beams, axis=0)


def _length_penalty(sampler, length):
    return ((5.0 + length) / 6.0) ** sampler.length_penalty


def _final(sampler, logp, length, coverage, source_mask):
    """The score of sequences that end, `(batch, beams)`."""
    score = logp / _length_penalty(sampler, ops.cast(length, "float32"))
    if sampler.coverage_penalty:
        covered = ops.log(ops.clip(coverage, 1e-10, 1.0))
        if source_mask is not None:
            covered = ops.where(source_mask[:, None], covered, 0.0)
        score = score + sampler.coverage_penalty * ops.sum(covered, axis=-1)
    return score


def _decoded(tokens, scores):
    tokens = ops.where(scores[..., None] > IMPOSSIBLE / 2, tokens, 0)
    scores = ops.where(scores > IMPOSSIBLE / 2, scores, -np.inf)
    lengths = ops.sum(ops.cast(tokens != 0, "int32"), axis=-1)
    return Decoded(tokens, ops.cast(scores, "float32"), lengths)


def _alike(new, old):
    """Tensors with the static shapes and dtypes that they have in the loop."""
    return [
        ops.cast(a if a.shape == b.shape else ops.reshape(a, ops.shape(b)), b.dtype)
        for a, b in zip(new, old, strict=True)
    ]


def compile_loop(function, *signature, jit_compile=False):
    """A loop as a TensorFlow graph; with another backend, the loop itself.

    The graph may hold native kernels: it is for its answers, and is not one that can be
    saved.

    Args:
        function: of tensors.
        *signature: `(shape, dtype)` of each.
        jit_compile: bool. Has XLA compile it, for each shape when it is met. Only with
            TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    from keras_rnn_zoo.native.context import staying_here

    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in signature]
    options = {"autograph": False, "input_signature": specs}
    function = staying_here(function)
    function = tf.function(function, jit_compile=jit_compile or None, **options)
    # Traced at once: many models in a process are no retracing to be warned of.
    return function.get_concrete_function()
