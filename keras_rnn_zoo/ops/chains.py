"""Sums and maxima over all paths through a chain of states, in the log semiring.

A path s_1, …, s_T of S states through a sequence has the score

    score(s) = initial[s_1] + Σ_t unary[t, s_t] + Σ_{t>1} A[s_{t-1}, s_t] + final[s_T]

with A the `transition` scores from row to column. A conditional random field and a
hidden Markov model both are such a chain. This module holds what both need, with no
loop over paths:

    log Z = log Σ_s exp(score(s))              `log_norm`
    P(s_t = j) = ∂ log Z / ∂ unary[t, j]       `marginals`
    max_s score(s), and the path that has it   `viterbi`

Forward, from the first step to the last, the distribution of the state given all steps
so far is carried, normalised at every step, so that float32 does for any length:

    a_t[j] = unary[t, j] + log Σ_i exp(â_{t-1}[i] + A[i, j])
    c_t = log Σ_j exp(a_t[j]),    â_t = a_t - c_t,    log Z = Σ_t c_t

Backward, from the last step to the first, the distribution of the state given all
steps comes from those, by Bayes's rule, with sums of positive numbers only:

    P(s_{t-1} = i | s_t = j) = softmax over i of (â_{t-1}[i] + A[i, j])
    P(s_{t-1} = i, s_t = j) = P(s_t = j) P(s_{t-1} = i | s_t = j)
    P(s_{t-1} = i) = Σ_j P(s_{t-1} = i, s_t = j)

That is at the same time the gradient of log Z: the second line, summed over t, is the
one of A. In the other semiring, (max, +), the same forward recursion is Viterbi's.

A masked step is as if it were not there: its neighbours are linked by one transition.
A score of -inf forbids a state or a transition. With no step at all log Z and the score
are 0; where every path is forbidden, both are -inf, and gradients and marginals 0.
"""

import functools

import tensorflow as tf


def _as_graph(function):
    """`function` of tensors, traced when it is called eagerly: a tenth of the time."""
    traced = tf.function(function, autograph=False, reduce_retracing=True)

    @functools.wraps(function)
    def call(*args, **kwargs):
        args = [None if a is None else tf.convert_to_tensor(a) for a in args]
        kwargs = {
            k: tf.convert_to_tensor(v) for k, v in kwargs.items() if v is not None
        }
        run = traced if tf.executing_eagerly() else function
        return run(*args, **kwargs)

    return call


@_as_graph
def log_norm(unary, transition, mask=None, initial=None, final=None):
    """Log of the sum of exp(score) over all paths.

    Args:
        unary: `(batch, time, states)`.
        transition: `(states, states)`, from row to column.
        mask: bool `(batch, time)` of any pattern, or None.
        initial: `(states,)`, or None: added to the first unmasked step.
        final: `(states,)`, or None: added to the last unmasked step.

    Returns:
        `(batch,)`.
    """
    chain = _Chain(unary, transition, mask, initial, final)

    @tf.custom_gradient
    def run(unary, transition):
        carried, last, scales = _forward(unary, transition, chain)

        def gradient(upstream):
            return _backward(carried, last, transition, chain, upstream)

        return tf.reduce_sum(scales, axis=0), gradient

    return run(chain.unary, chain.transition)


@_as_graph
def marginals(unary, transition, mask=None, initial=None, final=None):
    """Probability of each state at each step, given the whole sequence.

    Args:
        unary: as in `log_norm`.
        transition: as in `log_norm`.
        mask: as in `log_norm`.
        initial: as in `log_norm`.
        final: as in `log_norm`.

    Returns:
        `(batch, time, states)`; zeros at masked steps.
    """
    return expectations(unary, transition, mask, initial, final)[0]


@_as_graph
def expectations(unary, transition, mask=None, initial=None, final=None, weight=None):
    """Marginals, and how often each transition is expected, over all rows.

    Args:
        unary: as in `log_norm`.
        transition: as in `log_norm`.
        mask: as in `log_norm`.
        initial: as in `log_norm`.
        final: as in `log_norm`.
        weight: `(batch,)`, or None: what a row counts for.

    Returns:
        `(marginals, transitions)`: `(batch, time, states)` and `(states, states)`.
    """
    chain = _Chain(unary, transition, mask, initial, final)
    carried, last, _ = _forward(chain.unary, chain.transition, chain)
    if weight is None:
        weight = tf.ones_like(last[:, 0])
    states, pairs = _backward(carried, last, chain.transition, chain, weight)
    return tf.transpose(states, (1, 0, 2)), pairs


@_as_graph
def path_score(unary, states, transition, mask=None, initial=None, final=None):
    """Score of one path for each row.

    Args:
        unary: as in `log_norm`.
        transition: as in `log_norm`.
        mask: as in `log_norm`.
        initial: as in `log_norm`.
        final: as in `log_norm`.
        states: int `(batch, time)`. At masked steps they may be anything.

    Returns:
        `(batch,)`; nan where an unmasked state is not one of the states there are.
    """
    chain = _Chain(unary, transition, mask, initial, final)
    mask = tf.transpose(chain.mask)
    given = tf.where(mask, tf.cast(states, "int32"), 0)
    states = tf.clip_by_value(given, 0, tf.shape(chain.transition)[0] - 1)
    known = tf.reduce_all(tf.equal(given, states), axis=1)
    unary = tf.gather(tf.transpose(chain.unary, (1, 0, 2)), states, batch_dims=2)
    unary = tf.where(mask, unary, tf.zeros_like(unary))
    # The unmasked steps in front, in their order: then pairs are neighbours.
    steps = tf.range(tf.shape(mask)[1])
    order = tf.argsort(tf.where(mask, steps, steps + tf.shape(mask)[1]), axis=1)
    states = tf.gather(states, order, batch_dims=1)
    linked = tf.gather(mask, order, batch_dims=1)[:, 1:]
    pairs = tf.stack([states[:, :-1], states[:, 1:]], axis=-1)
    pairs = tf.gather_nd(chain.transition, pairs)
    pairs = tf.where(linked, pairs, tf.zeros_like(pairs))
    score = tf.reduce_sum(unary, axis=1) + tf.reduce_sum(pairs, axis=1)
    return _where(known, score, float("nan"))


@_as_graph
def viterbi(unary, transition, mask=None, initial=None, final=None):
    """The path of the highest score; of several, the one of the lower states.

    Args:
        unary: as in `log_norm`.
        transition: as in `log_norm`.
        mask: as in `log_norm`.
        initial: as in `log_norm`.
        final: as in `log_norm`.

    Returns:
        `(path, score)`: int32 `(batch, time)` and `(batch,)`. At masked steps, and in
        a row whose every path is forbidden, the path is 0.
    """
    chain = _Chain(unary, transition, mask, initial, final)
    time, batch, states = _sizes(chain.unary)
    backwards = tf.transpose(chain.transition)

    def step(t, best, pointers):
        scores = best[:, tf.newaxis] + backwards
        pointer = tf.argmax(scores, axis=-1, output_type="int32")
        message = tf.reduce_max(scores, axis=-1)
        new = chain.unary[t] + _where(chain.linked[t], message, 0.0)
        new -= _finite(tf.reduce_max(new, axis=-1, keepdims=True))
        best = _where(chain.mask[t], new, best)
        return t + 1, best, pointers.write(t, pointer)

    _, best, pointers = tf.while_loop(
        lambda t, *_: t < time,
        step,
        (
            tf.constant(0),
            tf.zeros((batch, states), chain.unary.dtype),
            _array(tf.zeros((batch, states), "int32"), time),
        ),
        maximum_iterations=time,
    )

    def step_back(t, state, path):
        path = path.write(t, state)
        before = tf.gather(pointers.read(t), state, batch_dims=1)
        return t - 1, tf.where(chain.linked[t], before, state), path

    _, _, path = tf.while_loop(
        lambda t, *_: t >= 0,
        step_back,
        (
            time - 1,
            tf.argmax(best, axis=-1, output_type="int32"),
            _array(tf.zeros((batch,), "int32"), time),
        ),
        maximum_iterations=time,
    )
    possible = tf.reduce_max(best, axis=-1) > -float("inf")
    path = _stack(path, chain.mask)
    path = tf.where(chain.mask & possible, path, 0)
    path = tf.transpose(path)
    score = path_score(unary, path, transition, mask, initial, final)
    return path, _where(possible, score, -float("inf"))


class _Chain:
    """The chain with time first, and what does not wait for the loop.

    Attributes:
        unary: `(time, batch, states)`, with initial and final scores in it.
        transition: `(states, states)`.
        mask: bool `(time, batch)`.
        linked: bool `(time, batch)`: unmasked, with an unmasked step before it.
    """

    def __init__(self, unary, transition, mask, initial, final):
        unary = tf.convert_to_tensor(unary)
        if unary.dtype in (tf.float16, tf.bfloat16) or not unary.dtype.is_floating:
            unary = tf.cast(unary, "float32")
        self.transition = tf.cast(transition, unary.dtype)
        if mask is None:
            mask = tf.ones_like(unary[..., 0], "bool")
        mask = tf.transpose(tf.cast(mask, "bool"))
        so_far = tf.cumsum(tf.cast(mask, "int32"), axis=0)
        self.mask, self.linked = mask, mask & (so_far > 1)
        unary = tf.transpose(unary, (1, 0, 2))
        if initial is not None:
            first = mask & (so_far == 1)
            unary = _where(first, unary + tf.cast(initial, unary.dtype), unary)
        if final is not None:
            last = mask & (so_far == tf.reduce_sum(tf.cast(mask, "int32"), axis=0))
            unary = _where(last, unary + tf.cast(final, unary.dtype), unary)
        self.unary = unary


def _forward(unary, transition, chain):
    """What each step is handed (its â_{t-1}), the last â, and c_t at each step."""
    time, batch, states = _sizes(unary)
    backwards = tf.transpose(transition)
    # Of a row without steps nothing is expected.
    nothing = tf.fill((batch, states), tf.constant(-float("inf"), unary.dtype))

    def step(t, carry, carried, scales):
        message = _logsumexp(carry[:, tf.newaxis] + backwards)
        new = unary[t] + _where(chain.linked[t], message, 0.0)
        scale = _logsumexp(new)
        new = _where(chain.mask[t], new - _finite(scale)[:, tf.newaxis], carry)
        scale = _where(chain.mask[t], scale, 0.0)
        return t + 1, new, carried.write(t, carry), scales.write(t, scale)

    _, last, carried, scales = tf.while_loop(
        lambda t, *_: t < time,
        step,
        (
            tf.constant(0),
            nothing,
            _array(nothing, time),
            _array(nothing[:, 0], time),
        ),
        maximum_iterations=time,
    )
    return _stack(carried, unary), last, _stack(scales, unary[..., 0])


def _backward(carried, last, transition, chain, weight):
    """P(s_t) at each step and Σ_t P(s_{t-1}, s_t) over all rows, times `weight`."""
    time = tf.shape(carried)[0]
    backwards = tf.transpose(transition)

    def step(t, state, pairs, probabilities):
        here = _where(chain.mask[t], state, 0.0)
        probabilities = probabilities.write(t, here)
        scores = carried[t][:, tf.newaxis] + backwards
        before = tf.exp(scores - _finite(_logsumexp(scores))[..., tf.newaxis])
        pair = _where(chain.linked[t], here, 0.0)[..., tf.newaxis] * before
        state = _where(chain.linked[t], tf.reduce_sum(pair, axis=1), state)
        return t - 1, state, pairs + tf.reduce_sum(pair, axis=0), probabilities

    _, _, pairs, probabilities = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (
            time - 1,
            weight[:, tf.newaxis] * tf.exp(last),
            tf.zeros_like(transition),
            _array(last, time),
        ),
        maximum_iterations=time,
    )
    return _stack(probabilities, carried), tf.transpose(pairs)


def _array(element, time):
    """A `TensorArray` with one element behind, that it can be stacked without any."""
    array = tf.TensorArray(element.dtype, time + 1, element_shape=element.shape)
    return array.write(time, element)


def _stack(array, like):
    stacked = array.stack()[:-1]
    stacked.set_shape(like.shape)
    return stacked


def _sizes(x):
    """Time, batch and states as scalars, which may be unknown while tracing."""
    return tf.unstack(tf.shape(x))


def _where(condition, x, y):
    """`tf.where` with a condition that lacks the last axis of `x`."""
    if len(condition.shape) < len(x.shape):
        condition = condition[..., tf.newaxis]
    return tf.where(condition, x, tf.cast(y, x.dtype))


def _finite(x):
    """`x`, and 0 in the place of -inf: what may be subtracted."""
    return tf.where(tf.equal(x, -float("inf")), tf.zeros_like(x), x)


def _logsumexp(x):
    """Over the last axis; -inf, with gradients of 0, where everything is -inf."""
    peak = tf.stop_gradient(_finite(tf.reduce_max(x, axis=-1)))
    total = tf.reduce_sum(tf.exp(x - peak[..., tf.newaxis]), axis=-1)
    some = tf.not_equal(total, 0)
    log = tf.math.log(tf.where(some, total, tf.ones_like(total))) + peak
    return tf.where(some, log, tf.fill(tf.shape(log), tf.cast(-float("inf"), x.dtype)))
