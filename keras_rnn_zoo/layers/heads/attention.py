"""Attention: what a decoder reads of the whole source at each of its steps."""

import typing
from typing import Any, Self

import keras
from keras import ops, tree

from keras_rnn_zoo.layers.core.arguments import (
    checked,
    flag,
    number,
    one_of,
    positive_integer,
)
from keras_rnn_zoo.layers.core.kinds import Initializer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.wrapper import checked_cell, flat_step, width_of


class Memory(typing.NamedTuple):
    """What an attention layer reads, made ready once for all steps.

    Attributes:
        keys: `(batch, steps, width)`. What queries are compared with.
        values: `(batch, steps, features)`. What contexts are made of; 0 in the padding.
        mask: bool `(batch, steps)`. False at padding.
    """

    keys: object
    values: object
    mask: object


class Attention(keras.Layer):
    """Base of the attention layers.

        e_tj = score(q_t, m_j),  α_t = softmax_j(e_t),  c_t = Σ_j α_tj m_j

    A subclass writes `key_width`, `keys` and `scores`, and where α is no softmax,
    `weigh`. What depends on the memory alone is computed once, by `prepare`.

    Class attributes:
        looks_back: bool. Whether α_t depends on α_{t-1}.

    Args:
        kernel_initializer: initializer of all matrices.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        query: `(batch, features)`, one step; or `(batch, time, features)`, where the
            weights of a step do not depend on those before.
        memory: `(batch, steps, features)`, the source.
        memory_mask: bool `(batch, steps)`, or None. Padding has weight 0; a source of
            nothing but padding has no weights but 0, and its context is 0.
        previous: `(batch, steps)`, α_{t-1}; None for what stands before the first step.
        training: bool.

    Returns:
        `(context, weights)`: `(batch, features)` and `(batch, steps)`, or both with the
        axis of time of the query. The softmax is taken in float32 at least.

    Raises:
        ValueError: if shapes do not fit, or a query of several steps is given where
            each needs the weights of the step before.
    """

    looks_back = False

    def __init__(
        self, *, kernel_initializer: Initializer = "glorot_uniform", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_initializer = checked(
            "initializer", "kernel_initializer", kernel_initializer
        )
        self.supports_masking = True

    # --- What a subclass writes

    def key_width(self, features: int) -> int:
        """Width of the keys of a memory of so many features."""
        raise NotImplementedError

    def keys(self, values: Any) -> Any:
        """Keys `(batch, steps, width)` of a memory."""
        raise NotImplementedError

    def scores(self, query: Any, memory: Any, previous: Any) -> Any:
        """e, `(batch, time, steps)`.

        Args:
            query: `(batch, time, features)`.
            memory: `Memory`.
            previous: `(batch, steps)`, α_{t-1}.
        """
        raise NotImplementedError

    def weigh(self, scores: Any, memory: Any, previous: Any, training: bool) -> Any:
        """α of e, both `(batch, time, steps)` float32; 0 in the padding."""
        return masked_softmax(scores, memory.mask[:, None])

    def first(self, memory: Any) -> Any:
        """α_0, `(batch, steps)`."""
        return ops.zeros_like(memory.values[..., 0])

    # --- What follows from that

    def prepare(self, memory: Any, mask: Any = None) -> Memory:
        """`Memory` of `(batch, steps, features)` and a bool mask `(batch, steps)`."""
        memory = ops.cast(ops.convert_to_tensor(memory), self.compute_dtype)
        if mask is None:
            mask = ops.ones_like(memory[..., 0], dtype="bool")
        mask = ops.cast(mask, "bool")
        values = ops.where(ops.expand_dims(mask, -1), memory, ops.zeros_like(memory))
        return Memory(self.keys(values), values, mask)

    def attend(
        self, query: Any, memory: Any, previous: Any = None, training: bool = False
    ) -> Any:
        """As a call, of a `Memory` that `prepare` has made."""
        query = ops.cast(query, self.compute_dtype)
        one = len(query.shape) == 2
        if not one and self.looks_back:
            raise ValueError(
                "`query` must be of one step, (batch, features): the weights of a step "
                "depend on those of the step before. Received: query of shape "
                f"{tuple(query.shape)}. Carry it through time in an AttentionCell."
            )
        if one:
            query = ops.expand_dims(query, 1)
        if previous is None:
            previous = self.first(memory)
        scores = ops.cast(self.scores(query, memory, previous), self._precise)
        weights = self.weigh(scores, memory, previous, training)
        weights = ops.cast(weights, self.compute_dtype)
        context = ops.matmul(weights, memory.values)
        return (context[:, 0], weights[:, 0]) if one else (context, weights)

    @property
    def _precise(self):
        return "float64" if self.compute_dtype == "float64" else "float32"

    def call(
        self,
        query: Any,
        memory: Any,
        memory_mask: Any = None,
        previous: Any = None,
        training: bool = False,
    ) -> Any:
        shape = tuple(memory.shape)
        if len(shape) != 3 or len(query.shape) not in (2, 3):
            raise ValueError(
                "`memory` must be of shape (batch, steps, features), and `query` of "
                "(batch, features) or (batch, time, features). Received: memory of "
                f"shape {shape}, query of shape {tuple(query.shape)}."
            )
        ready = self.prepare(memory, memory_mask)
        if previous is not None:
            previous = ops.cast(previous, self.compute_dtype)
        return self.attend(query, ready, previous, training)

    def compute_mask(self, *_args: Any, **_kwargs: Any) -> Any:
        return None

    def _matrix(self, name, *shape, initializer=None):
        return self.add_weight(
            shape=shape, name=name, initializer=initializer or self.kernel_initializer
        )

    def _times(self, tensor, weight):
        return ops.matmul(tensor, ops.cast(weight, self.compute_dtype))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def masked_softmax(scores, mask):
    """Softmax over the last axis where `mask` is True; elsewhere 0, also everywhere."""
    # Not `ops.softmax`, which warns of a source of one step.
    scores = ops.where(mask, scores, -1e9)
    top = ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True))
    weights = ops.exp(scores - top)
    weights = weights / ops.sum(weights, axis=-1, keepdims=True)
    return ops.where(mask, weights, 0.0)


@register
class BahdanauAttention(Attention):
    """Additive attention: a small network compares query and memory.

        e_tj = v · tanh(q_t W + m_j U + b)
        α_t = softmax_j(e_t),  c_t = Σ_j α_tj m_j

    With `normalize`, v is g v / ‖v‖ (Salimans & Kingma, 2016), and g starts at
    1 / √units. When to use it: query and memory of any two widths. It costs a tanh for
    each pair of steps and each unit.

    Reference: Bahdanau et al., 2015, "Neural Machine Translation by Jointly Learning to
    Align and Translate", https://arxiv.org/abs/1409.0473, eq. (5)-(6) and A.1.2.
    Differs from the paper: the bias b.

    Args:
        units: int. Width of the network.
        normalize: bool. Whether the length of v is a weight of its own.
        kernel_initializer: initializer of W, U and v.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments, returns: see `Attention`.

    Weights:
        query_kernel `(query features, units)`, memory_kernel `(features, units)`, bias
        `(units,)`, score_kernel `(units, 1)`, and with `normalize` score_scale `()`.

    Raises:
        ValueError: if `units` is not a positive integer.

    Example:
    >>> c, weights = BahdanauAttention(8)(np.ones((2, 3)), np.ones((2, 5, 4)))
    >>> c.shape, weights.shape
    (TensorShape([2, 4]), TensorShape([2, 5]))
    """

    def __init__(self, units: int, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = positive_integer("units", units)
        self.normalize = flag("normalize", normalize)

    def build(self, query_shape: Any, memory_shape: Any, **_other_shapes: Any) -> None:
        self.query_kernel = self._matrix("query_kernel", query_shape[-1], self.units)
        self.memory_kernel = self._matrix("memory_kernel", memory_shape[-1], self.units)
        self.bias = self._matrix("bias", self.units, initializer="zeros")
        self.score_kernel = self._matrix("score_kernel", self.units, 1)
        self.score_scale = None
        if self.normalize:
            start = keras.initializers.Constant(self.units**-0.5)
            self.score_scale = self._matrix("score_scale", initializer=start)
        self.built = True

    def key_width(self, features: int) -> int:
        return self.units

    def keys(self, values: Any) -> Any:
        return self._times(values, self.memory_kernel)

    def scores(self, query: Any, memory: Any, previous: Any) -> Any:
        return self._compare(self._times(query, self.query_kernel), memory.keys)

    def _compare(self, q, keys):
        """`v · tanh(q_t + k_j + b)`, of `(batch, time, units)` and the keys."""
        bias = ops.cast(self.bias, self.compute_dtype)
        hidden = ops.tanh(ops.expand_dims(q, 2) + ops.expand_dims(keys, 1) + bias)
        v = ops.cast(self.score_kernel, self.compute_dtype)
        if self.normalize:
            length = ops.sqrt(ops.sum(ops.square(v)))
            v = v * (ops.cast(self.score_scale, self.compute_dtype) / length)
        return ops.matmul(hidden, v)[..., 0]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "normalize": self.normalize,
        }


@register
class LuongAttention(Attention):
    """Multiplicative attention: a product of query and memory.

        dot      e_tj = q_t · m_j
        scaled   e_tj = q_t · m_j / √features
        general  e_tj = q_t · (m_j W)
        α_t = softmax_j(e_t),  c_t = Σ_j α_tj m_j

    When to use it: it is a matrix product, the fastest. "dot" and "scaled" want query
    and memory of one width.

    Reference: Luong et al., 2015, "Effective Approaches to Attention-based Neural
    Machine Translation", https://arxiv.org/abs/1508.04025, eq. (7)-(8). Differs from
    the paper: "scaled", of Vaswani et al., 2017, https://arxiv.org/abs/1706.03762.

    Args:
        score: "dot", "general" or "scaled".
        kernel_initializer: initializer of W.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments, returns: see `Attention`.

    Weights:
        For "general" memory_kernel `(features, query features)`; else none.

    Raises:
        ValueError: if `score` is none of the three, or widths differ that must not.

    Example:
    >>> c, weights = LuongAttention("dot")(np.ones((2, 7, 4)), np.ones((2, 5, 4)))
    >>> weights.shape
    TensorShape([2, 7, 5])
    """

    def __init__(self, score: str = "general", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.score = one_of("score", score, ("dot", "general", "scaled"))

    def build(self, query_shape: Any, memory_shape: Any, **_other_shapes: Any) -> None:
        self._query_width, features = query_shape[-1], memory_shape[-1]
        self.memory_kernel = None
        if self.score == "general":
            self.memory_kernel = self._matrix(
                "memory_kernel", features, self._query_width
            )
        elif self._query_width != features:
            raise ValueError(
                "`score` must be 'general' for a query and a memory of different "
                f"widths. Received: score={self.score!r} for widths "
                f"{self._query_width} and {features}."
            )
        self.built = True

    def key_width(self, features: int) -> int:
        return self._query_width

    def keys(self, values: Any) -> Any:
        if self.score == "general":
            return self._times(values, self.memory_kernel)
        return values

    def scores(self, query: Any, memory: Any, previous: Any) -> Any:
        e = ops.matmul(query, ops.transpose(memory.keys, (0, 2, 1)))
        return e / self._query_width**0.5 if self.score == "scaled" else e

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "score": self.score}


@register
class LocationAttention(BahdanauAttention):
    """Location-aware attention: it knows where it looked at the step before.

        f_t = F * α_{t-1}
        e_tj = v · tanh(q_t W + m_j U + f_tj V + b)
        α_t = softmax_j(e_t),  c_t = Σ_j α_tj m_j

    `*` is a convolution along the source, zero beyond its ends; α_0 is 0. When to use
    it: sources that are read in order, as speech or letters, and that repeat
    themselves. Each step has to wait for the one before.

    Reference: Chorowski et al., 2015, "Attention-Based Models for Speech Recognition",
    https://arxiv.org/abs/1506.07503, eq. (8)-(9). Differs from the paper: nothing; its
    smoothing and its window are left out.

    Args:
        units: int. Width of the network.
        filters: int. Number of rows of F.
        kernel_size: int. How many steps of the source a filter sees.
        normalize: bool. Whether the length of v is a weight of its own.
        kernel_initializer: initializer of W, U, V, F and v.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments, returns: see `Attention`; the query is one step.

    Weights:
        Those of `BahdanauAttention`, location_filters `(kernel_size, 1, filters)`,
        location_kernel `(filters, units)`.

    Raises:
        ValueError: if `units`, `filters` or `kernel_size` is not a positive integer.

    Example:
    >>> attention = LocationAttention(8, filters=2, kernel_size=3)
    >>> c, weights = attention(np.ones((2, 3)), np.ones((2, 5, 4)))
    >>> c, weights = attention(np.ones((2, 3)), np.ones((2, 5, 4)), previous=weights)
    >>> weights.shape
    TensorShape([2, 5])
    """

    looks_back = True

    def __init__(
        self,
        units: int,
        filters: int = 10,
        kernel_size: int = 15,
        normalize: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, normalize, **kwargs)
        self.filters = positive_integer("filters", filters)
        self.kernel_size = positive_integer("kernel_size", kernel_size)

    def build(self, query_shape: Any, memory_shape: Any, **_other_shapes: Any) -> None:
        super().build(query_shape, memory_shape)
        self.location_filters = self._matrix(
            "location_filters", self.kernel_size, 1, self.filters
        )
        self.location_kernel = self._matrix("location_kernel", self.filters, self.units)

    def scores(self, query: Any, memory: Any, previous: Any) -> Any:
        filters = ops.cast(self.location_filters, self.compute_dtype)
        f = ops.conv(ops.expand_dims(previous, -1), filters, padding="same")
        places = self._times(f, self.location_kernel)
        q = self._times(query, self.query_kernel)
        return self._compare(q, memory.keys + places)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
        }


@register
class MonotonicAttention(BahdanauAttention):
    """Monotonic attention: it goes on along the source, and never back.

        p_tj = σ(v · tanh(q_t W + m_j U + b) + r + noise)
        q_tj = (1 - p_t,j-1) q_t,j-1 + α_t-1,j,  q_t0 = α_t-1,0
        α_tj = p_tj q_tj,  c_t = Σ_j α_tj m_j

    α_0 stands on the first step of the source. From where the step before stopped, each
    step of the source is taken with probability p, or passed by; α are the
    probabilities of stopping there, and add up to less than 1 if it may pass the end.
    v has a length of its own, g. When to use it: sources and targets in the same order.
    The recursion over the source is computed for all its steps at once, with a matrix
    of steps by steps.

    Reference: Raffel et al., 2017, "Online and Linear-Time Attention by Enforcing
    Monotonic Alignments", https://arxiv.org/abs/1704.00784, eq. (9)-(10), (15)-(16).
    Differs from the paper: nothing.

    Args:
        units: int. Width of the network.
        score_bias: float. What r starts with; the smaller, the farther it moves.
        noise: float, at least 0. Standard deviation of the noise in training, which
            teaches p to be 0 or 1.
        hard: bool. Outside of training, p is 1 where it is above 1/2, else 0.
        seed: int or None. Seed of the noise.
        kernel_initializer: initializer of W, U and v.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments, returns: see `Attention`; the query is one step.

    Weights:
        Those of `BahdanauAttention` with `normalize`, and score_bias `()`.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if `units` is not a positive integer, or `noise` is negative.

    Example:
    >>> attention = MonotonicAttention(8, hard=True)
    >>> _, weights = attention(np.ones((1, 3)), np.ones((1, 5, 4)))
    >>> sorted(set(weights.numpy().ravel())) in ([0.0], [0.0, 1.0])
    True
    """

    looks_back = True

    def __init__(
        self,
        units: int,
        score_bias: float = -1.0,
        noise: float = 0.0,
        hard: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("normalize", None)  # from the config of the class above
        super().__init__(units, normalize=True, **kwargs)
        self.first_score_bias = number("score_bias", score_bias)
        self.noise = number("noise", noise)
        if self.noise < 0:
            raise ValueError(
                f"`noise` must be a number of at least 0. Received: noise={noise!r}."
            )
        self.hard = flag("hard", hard)
        self.seed = checked("seed", "seed", seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, query_shape: Any, memory_shape: Any, **_other_shapes: Any) -> None:
        super().build(query_shape, memory_shape)
        start = keras.initializers.Constant(self.first_score_bias)
        self.score_bias = self._matrix("score_bias", initializer=start)

    def first(self, memory: Any) -> Any:
        zeros = ops.zeros_like(memory.values[..., 0])
        return zeros + ops.cast(ops.arange(ops.shape(zeros)[1]) == 0, zeros.dtype)

    def scores(self, query: Any, memory: Any, previous: Any) -> Any:
        e = super().scores(query, memory, previous)
        return e + ops.cast(self.score_bias, e.dtype)

    def weigh(self, scores: Any, memory: Any, previous: Any, training: bool) -> Any:
        if training and self.noise:
            scores = scores + self.noise * keras.random.normal(
                ops.shape(scores), dtype=scores.dtype, seed=self.seed_generator
            )
        if self.hard and not training:
            scores = ops.where(scores > 0, 1e4, -1e4)
            scores = ops.cast(scores, self._precise)
        e = ops.where(memory.mask[:, None], scores, ops.full_like(scores, -1e4))[:, 0]
        previous = ops.cast(previous, e.dtype)
        p, log_pass = ops.sigmoid(e), ops.log_sigmoid(-e)
        # q_j = Σ_{k ≤ j} α_k Π_{k ≤ i < j} (1 - p_i), the product as a difference of
        # sums of logarithms, which is never above 0.
        before = ops.cumsum(log_pass, axis=1) - log_pass
        gap = ops.expand_dims(before, 2) - ops.expand_dims(before, 1)
        places = ops.arange(ops.shape(e)[1])
        reached = ops.expand_dims(places, 1) >= ops.expand_dims(places, 0)
        ways = ops.where(reached, ops.exp(ops.minimum(gap, 0.0)), ops.zeros_like(gap))
        q = ops.matmul(ways, ops.expand_dims(previous, -1))[..., 0]
        weights = ops.where(memory.mask, p * q, ops.zeros_like(p))
        return ops.expand_dims(weights, 1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["normalize"]
        return {
            **config,
            "score_bias": self.first_score_bias,
            "noise": self.noise,
            "hard": self.hard,
            "seed": self.seed,
        }


@register
class AttentionCell(keras.Layer):
    """A cell that reads a memory at every step: the decoder's step.

        query="after"     h_t, s_t = cell([x_t ; a_{t-1}], s_{t-1}),  q_t = h_t
        query="before"    h_t, s_t = cell([x_t ; c_t], s_{t-1}),      q_t = s_{t-1}
        c_t, α_t = attention(q_t, memory, α_{t-1})
        a_t = tanh([h_t ; c_t] W)

    "after" is Luong's, where a_{t-1} is given only with `input_feeding`; "before" is
    Bahdanau's. The output is a_t. s of "before" is the state named h, or the first one,
    of the uppermost cell. It works in any `RNN`, of Keras too: the memory is in the
    states, and `initial_state` makes them. Nothing of a call is kept on the cell.

    Reference: Luong et al., 2015, https://arxiv.org/abs/1508.04025, eq. (5), section
    3.3; Bahdanau et al., 2015, https://arxiv.org/abs/1409.0473, section 3.1. Differs
    from the papers: Bahdanau's output layer is that of Luong.

    Args:
        cell: a cell instance, of the zoo or of Keras; `StackedRNNCells` for several.
        attention: an `Attention` layer.
        memory_shape: `(steps, features)` of the memory without its batch. `steps` may
            be None where `advance` is called and no RNN is used.
        units: int or None. Width of a_t; None: that of the cell's output.
        query: "after" or "before".
        input_feeding: bool. Whether "after" gives a_{t-1} to the cell.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[…cell's states, a, α, keys, values, mask]`, the last three flat.
        training: bool.

    Returns:
        `(a_t, states)`.

    Weights:
        Those of cell and attention, and kernel `(output + features, units)`.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if `query` is neither, or `input_feeding` is asked for "before".

    Example:
    >>> source, target = np.ones((2, 5, 4)), np.ones((2, 3, 6))
    >>> cell = AttentionCell(GRUCell(8), LuongAttention(), memory_shape=(5, 4))
    >>> layer = RNN(cell, return_sequences=True)
    >>> layer.build(target.shape)
    >>> layer(target, initial_state=cell.initial_state(source)).shape
    TensorShape([2, 3, 8])
    """

    def __init__(
        self,
        cell: Any,
        attention: Attention,
        memory_shape: Any,
        units: int | None = None,
        query: str = "after",
        input_feeding: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        checked_cell("cell", cell)
        if not isinstance(attention, Attention):
            raise TypeError(
                "`attention` must be a layer as LuongAttention or BahdanauAttention. "
                f"Received: attention={attention!r}."
            )
        if not isinstance(memory_shape, list | tuple) or len(memory_shape) != 2:
            raise ValueError(
                "`memory_shape` must be a pair of steps, which may be None, and "
                f"features. Received: memory_shape={memory_shape!r}."
            )
        steps, features = memory_shape
        if steps is not None:
            steps = positive_integer("memory_shape[0]", steps)
        self.memory_shape = steps, positive_integer("memory_shape[1]", features)
        self.query = one_of("query", query, ("after", "before"))
        self.input_feeding = flag("input_feeding", input_feeding)
        if self.input_feeding and self.query == "before":
            raise ValueError(
                "`input_feeding` must be False with query='before', where the cell is "
                f"given the context. Received: input_feeding={input_feeding!r}."
            )
        self.cell, self.attention = cell, attention
        self.cell_width = width = width_of(cell)
        self.units = width if units is None else positive_integer("units", units)
        self.output_size = self.units

    # --- Sizes

    @property
    def cell_state_sizes(self) -> Any:
        """Widths of the cell's states, flat."""
        return tree.flatten(self.cell.state_size)

    @property
    def state_size(self) -> Any:
        """Widths of all states of the cell in an RNN."""
        steps, features = self.memory_shape
        if steps is None:
            raise ValueError(
                "`memory_shape` must say how many steps a memory has where the cell is "
                f"used in an RNN. Received: memory_shape={self.memory_shape!r}."
            )
        keys = self._key_width()
        memory = [steps * keys, steps * features, steps]
        return [*self.cell_state_sizes, self.units, steps, *memory]

    def _key_width(self):
        if not self.attention.built:
            self._build_attention()
        return self.attention.key_width(self.memory_shape[1])

    def _build_attention(self):
        width = self.cell_width
        if self.query == "before":
            width = self.cell_state_sizes[self._place_of_query()]
        self.attention.build((None, width), (None, *self.memory_shape))
        self.attention.built = True

    def _place_of_query(self):
        """Index, among the flat states, of h of the uppermost cell."""
        cells = getattr(self.cell, "cells", [self.cell])
        names: list[str] = list(getattr(cells[-1], "state_names", ()))
        below = sum(len(tree.flatten(cell.state_size)) for cell in cells[:-1])
        return below + (names.index("h") if "h" in names else 0)

    def build(self, inputs_shape: Any) -> None:
        features = self.memory_shape[1]
        if not self.attention.built:
            self._build_attention()
        width = inputs_shape[-1]
        if self.query == "before":
            width += features
        elif self.input_feeding:
            width += self.units
        if not self.cell.built:
            self.cell.build((inputs_shape[0], width))
            self.cell.built = True
        self.kernel = self.add_weight(
            shape=(self.cell_width + features, self.units),
            name="kernel",
            initializer="glorot_uniform",
        )
        self.built = True

    # --- One step

    def stepper(self, rows: Any, training: bool = False) -> Any:
        """`step(x, states)` of the cell alone, of flat states, for one loop.

        Args:
            rows: the size of the batch.
            training: bool.
        """
        return stepper(self.cell, rows, training)

    def advance(
        self, x: Any, states: Any, memory: Any, step: Any, training: bool = False
    ) -> Any:
        """One step of the equations.

        Args:
            x: `(batch, features)`.
            states: `[…cell's states, a, α]`.
            memory: `Memory` of `attention.prepare`.
            step: what `stepper` has returned.
            training: bool.

        Returns:
            `(a, states)`; the last of the states is α.
        """
        *inner, a, alignment = states
        if self.query == "before":
            q = inner[self._place_of_query()]
            context, alignment = self.attention.attend(q, memory, alignment, training)
            h, inner = step(ops.concatenate([x, context], -1), inner)
        else:
            if self.input_feeding:
                x = ops.concatenate([x, a], -1)
            h, inner = step(x, inner)
            context, alignment = self.attention.attend(h, memory, alignment, training)
        a = self.combine(h, context)
        return a, [*inner, a, alignment]

    def combine(self, h: Any, context: Any) -> Any:
        """`tanh([h ; c] W)`, of one step or of all of them."""
        both = ops.concatenate([h, ops.cast(context, h.dtype)], -1)
        return ops.tanh(ops.matmul(both, ops.cast(self.kernel, self.compute_dtype)))

    def first(self, memory: Any, cell_states: Any) -> list[Any]:
        """`[…cell's states, a_0, α_0]`; a_0 is 0."""
        values = memory.values
        a = ops.zeros((ops.shape(values)[0], self.units), dtype=self.compute_dtype)
        return [*tree.flatten(cell_states), a, self.attention.first(memory)]

    def initial_state(
        self, memory: Any, memory_mask: Any = None, cell_states: Any = None
    ) -> list[Any]:
        """The states with which an RNN begins.

        Args:
            memory: `(batch, steps, features)`, of the steps of `memory_shape`.
            memory_mask: bool `(batch, steps)`, or None.
            cell_states: states of the cell, or None for its own initial states.

        Returns:
            A list of tensors, for `initial_state=` of the RNN.

        Raises:
            ValueError: if `memory` is of another shape than `memory_shape`.
        """
        memory = ops.convert_to_tensor(memory)
        if tuple(memory.shape[1:]) != self.memory_shape:
            raise ValueError(
                "`memory` must be of shape (batch, steps, features) = (batch, "
                f"{self.memory_shape[0]}, {self.memory_shape[1]}). Received: memory of "
                f"shape {tuple(memory.shape)}. Pad it, and pass `memory_mask`."
            )
        if not self.attention.built:
            self._build_attention()
        ready = self.attention.prepare(memory, memory_mask)
        rows = ops.shape(ready.values)[0]
        if cell_states is None:
            cell_states = self.cell.get_initial_state(batch_size=rows)
        flat = [
            ops.reshape(ready.keys, (rows, self.state_size[-3])),
            ops.reshape(ready.values, (rows, self.state_size[-2])),
            ops.cast(ready.mask, self.compute_dtype),
        ]
        return [*self.first(ready, cell_states), *flat]

    def get_initial_state(self, batch_size: Any = None) -> Any:
        """States of an empty memory, all of it padding."""
        memory = ops.zeros((batch_size, *self.memory_shape), dtype=self.compute_dtype)
        return self.initial_state(memory, memory[..., 0] > 0)

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        *own, keys, values, mask = states
        steps, features = self.memory_shape
        memory = Memory(
            ops.reshape(keys, (-1, steps, self._key_width())),
            ops.reshape(values, (-1, steps, features)),
            mask > 0.5,
        )
        step = self.stepper(ops.shape(inputs)[0], training)
        a, own = self.advance(inputs, list(own), memory, step, training)
        return a, [*own, keys, values, mask]

    # --- Keras

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "attention": keras.saving.serialize_keras_object(self.attention),
            "memory_shape": list(self.memory_shape),
            "units": self.units,
            "query": self.query,
            "input_feeding": self.input_feeding,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        made = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("cell", "attention")
        }
        return cls(**{**config, **made})


def stepper(cell, rows, training=False):
    """`step(x, states)` of a cell, or of cells on top of each other, for one loop.

    What the steps have in common, as weights and masks of dropout, is made here.

    Args:
        cell: a cell instance.
        rows: the size of the batch.
        training: bool.

    Returns:
        A function of `(batch, features)` and the list of flat states, which returns the
        output and that list.
    """
    if hasattr(cell, "cells"):
        parts = [
            (stepper(one, rows, training), len(tree.flatten(one.state_size)))
            for one in cell.cells
        ]

        def through_all(x, states):
            new = []
            for step, count in parts:
                x, own = step(x, states[len(new) : len(new) + count])
                new += own
            return x, new

        return through_all
    zoned = any(getattr(cell, "zoneout_rates", ()))
    if getattr(cell, "is_pure", False) and not zoned:
        draws = cell.draw(rows, training=training)
        weights = cell.all_weights(training=training)
        w = cell.of_input(weights, draws.inputs, training)
        u = cell.of_states(weights, draws.states, training)

        def pure(x, states):
            x = ops.cast(x, cell.compute_dtype)
            return cell.advance(cell.terms(x, w), list(states), u)

        return pure
    return flat_step(cell, training)
