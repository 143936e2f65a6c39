"""Markov model of order k over tokens: n-grams, smoothed. Nothing is hidden."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo.layers.core.arguments import integer, one_of, positive_integer
from keras_rnn_zoo.layers.core.drawn import Chain
from keras_rnn_zoo.layers.core.fitting import needs_tensorflow
from keras_rnn_zoo.layers.core.kinds import DType
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.ops.checks import fraction, integer_from

_SMOOTHING = ("witten_bell", "kneser_ney")
_PARTS = ("contexts", "followers", "counts", "totals", "types")


@register
class Markov(keras.Model):
    """Markov model of order k: a token depends on the k tokens before it.

        log P(x) = Σ_t log p_k(x_t | h_t),   h_t = (x_{t-k}, …, x_{t-1})

    p_k is counted, not learnt by gradients (`keras_rnn_zoo.training.counting`), and
    mixed with p_{k-1}, whose context h' lacks the oldest token of h; p_{-1} is uniform.
    c(h, y) counts y after h, c(h) = Σ_y c(h, y), and T(h) is the number of different
    tokens after h. A context that was never seen takes p of h' as it is.

        p(y | h) = (c(h, y) + T(h) p(y | h')) / (c(h) + T(h))            "witten_bell"
        p(y | h) = (max(c(h, y) - D, 0) + D T(h) p(y | h')) / c(h)       "kneser_ney"

    D is `discount`; for Kneser-Ney c(h, y) of a context shorter than k is not the count
    but the number of different tokens seen before h, y. When to use it: the n-gram
    baseline of every language model, with n = k + 1. Needs Keras's TensorFlow backend.

    Reference: Witten & Bell, 1991, "The Zero-Frequency Problem"; Kneser & Ney, 1995,
    "Improved backing-off for m-gram language modeling", interpolated as in Chen &
    Goodman, 1999. Differs from the papers: contexts begin with k paddings where a
    sequence begins, and the shortest one is mixed with the uniform distribution.

    Args:
        order: int k, at least 0.
        vocabulary_size: int. Tokens are 0, the padding, to `vocabulary_size` - 1.
        smoothing: "witten_bell" or "kneser_ney".
        discount: number in (0, 1). Kneser-Ney's D.
        excluded: tuple of int. Tokens that the uniform distribution leaves out.
        name: str or None.
        dtype: dtype of the probabilities, or None for the global one.

    Call arguments:
        inputs: int `(batch, time)`. Id 0 is the padding.

    Returns:
        `(batch, time)`: log p of each token, 0 where there is padding.

    Masking: padding is as if it were not there, wherever it stands.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range. In calls: if nothing
            was counted yet, or a token is not in [0, vocabulary_size)
            (`tf.errors.InvalidArgumentError` in a graph).

    Example:
    >>> from keras_rnn_zoo.training.counting import fit_counts
    >>> tokens = np.array([[1, 2, 1, 2, 1, 2, 3]])
    >>> markov = fit_counts(Markov(1, vocabulary_size=4), [tokens])
    >>> markov.sample(1, 5, seed=0).shape
    (1, 5)
    >>> np.round(np.exp(markov.log_prob([[1, 2]])), 3)
    array([0.595], dtype=float32)
    """

    def __init__(
        self,
        order: int,
        vocabulary_size: int,
        *,
        smoothing: str = "witten_bell",
        discount: float = 0.75,
        excluded: Sequence[int] = (0,),
        name: str | None = None,
        dtype: DType = None,
    ) -> None:
        needs_tensorflow(Markov)
        order = integer_from("order", order, 0)
        vocabulary_size = positive_integer("vocabulary_size", vocabulary_size)
        smoothing = one_of("smoothing", smoothing, _SMOOTHING)
        discount = fraction("discount", discount)
        excluded = _tokens("excluded", excluded)
        if any(not 0 <= token < vocabulary_size for token in excluded) or (
            len(excluded) >= vocabulary_size
        ):
            raise ValueError(
                f"`excluded` must hold some, not all, of the tokens from 0 to "
                f"{vocabulary_size - 1}. Received: excluded={excluded!r}."
            )
        super().__init__(name=name, dtype=dtype)
        self.order = order
        self.vocabulary_size = vocabulary_size
        self.smoothing = smoothing
        self.discount = float(discount)
        self.excluded = excluded
        self._tables: Any = None
        self.built = True

    @property
    def chain(self) -> Chain:
        """For its drawing through time."""
        return Chain(f"Markov, order {self.order}", order=self.order)

    def call(self, inputs: Any) -> Any:
        return self._per_token(tf.convert_to_tensor(inputs), self.order)[0]

    def log_prob(self, sequences: Any, order: int | None = None) -> Any:
        """Log P(x), for each sequence.

        Args:
            sequences: int `(batch, time)`. Id 0 is the padding.
            order: int, at most that of the model, or None for it. Contexts of this
                many tokens only; Witten-Bell only, whose short contexts do not depend
                on the order.

        Returns:
            `(batch,)`.

        Raises:
            ValueError: if `order` is out of its range.
        """
        log_probs, _ = self._per_token(sequences, self._check_order(order))
        return tf.reduce_sum(log_probs, axis=1)

    def perplexity(self, sequences: Any, order: int | None = None) -> Any:
        """The exponential of the mean -log p of a token.

        Args:
            sequences: int `(batch, time)`, or a `tf.data.Dataset` of such batches.
            order: see `log_prob`.

        Returns:
            float.

        Raises:
            ValueError: if there is no token, or `order` is out of its range.
        """
        order = self._check_order(order)
        batches = sequences if isinstance(sequences, tf.data.Dataset) else [sequences]
        total, count = 0.0, 0
        for batch in batches:
            log_probs, mask = self._per_token(batch, order)
            total += float(tf.reduce_sum(tf.cast(log_probs, "float64")))
            count += int(tf.math.count_nonzero(mask))
        if not count:
            raise ValueError(
                "`sequences` must hold at least one token. Received: no token that is "
                "not padding."
            )
        return float(np.exp(-total / count))

    def next_probabilities(self, sequences: Any) -> Any:
        """P(y | the last k tokens), for each sequence and token y.

        Args:
            sequences: int `(batch, time)`. Id 0 is the padding; `time` may be 0.

        Returns:
            `(batch, vocabulary_size)`.
        """
        tokens, mask = self._check_tokens(sequences)
        tokens, lengths = (
            _left(tokens, mask)[0],
            tf.reduce_sum(tf.cast(mask, "int32"), 1),
        )
        padded = tf.pad(tokens, ((0, 0), (self.order, 0)))
        places = lengths[:, tf.newaxis] + tf.range(self.order)
        contexts = tf.gather(padded, places, batch_dims=1)
        every = tf.range(self.vocabulary_size, dtype="int64")
        every = tf.tile(every[tf.newaxis], (tf.shape(contexts)[0], 1))
        return self._probability(contexts, every, self.order)

    def sample(self, num_sequences: int, length: int, seed: int | None = None) -> Any:
        """Draws sequences, token by token.

        Args:
            num_sequences: int.
            length: int. Tokens of each.
            seed: int or None.

        Returns:
            int32 array `(num_sequences, length)`. Excluded tokens never come, unless
            they were counted.
        """
        rows = positive_integer("num_sequences", num_sequences)
        length = positive_integer("length", length)
        generator = np.random.default_rng(seed)
        tokens = np.zeros((rows, self.order + length), "int32")
        for t in range(self.order, self.order + length):
            context = tokens[:, t - self.order : t]
            chances = self.next_probabilities(context).numpy().astype("float64")
            mass = np.cumsum(chances, axis=1)
            draws = generator.random((rows, 1)) * mass[:, -1:]
            tokens[:, t] = (mass <= draws).sum(axis=1)
        return tokens[:, self.order :]

    def set_tables(self, tables: Any) -> None:
        """Replaces what was counted; see `keras_rnn_zoo.training.counting`.

        Args:
            tables: list of dicts of int64 arrays, one for each length d of contexts
                from 0 to k. `contexts`: sorted keys, whose place is the context's id;
                the key is the id of the context without its oldest token, times the
                vocabulary size, plus that token. `followers`: sorted keys, the id of
                the context times the vocabulary size plus the token that follows, and
                `counts` of them. `totals` and `types`: c(h) and T(h) of each context.
        """
        self._tables = [
            {part: np.asarray(table[part], "int64") for part in _PARTS}
            for table in tables
        ]

    def save_own_variables(self, store: Any) -> None:
        for d, table in enumerate(self._tables or ()):
            for part in _PARTS:
                store[f"{part}_{d}"] = table[part]

    def load_own_variables(self, store: Any) -> None:
        if len(store.keys()):
            self.set_tables(
                [
                    {part: np.array(store[f"{part}_{d}"]) for part in _PARTS}
                    for d in range(self.order + 1)
                ]
            )

    def get_config(self) -> dict[str, Any]:
        return {
            "order": self.order,
            "vocabulary_size": self.vocabulary_size,
            "smoothing": self.smoothing,
            "discount": self.discount,
            "excluded": list(self.excluded),
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    def _check_order(self, order):
        if order is None:
            return self.order
        order = integer_from("order", order, 0)
        if order == self.order:
            return order
        if order > self.order or self.smoothing != "witten_bell":
            raise ValueError(
                f"`order` must be None or, for Witten-Bell, from 0 to {self.order}. "
                f"Received: order={order!r}, smoothing={self.smoothing!r}."
            )
        return order

    def _check_tokens(self, sequences):
        """Tokens as int64 `(batch, time)`, and where there is no padding."""
        if self._tables is None:
            raise ValueError(
                "`Markov` must have counted something before it is asked. Received: "
                "no counts. Call keras_rnn_zoo.training.counting.fit_counts first."
            )
        tokens = tf.convert_to_tensor(sequences)
        if len(tokens.shape) != 2 or not tokens.dtype.is_integer:
            raise ValueError(
                "`sequences` must be integers of shape (batch, time). Received: "
                f"{tokens.dtype.name} of shape {tuple(tokens.shape)}."
            )
        tokens = tf.cast(tokens, "int64")
        wrong = (tokens < 0) | (tokens >= self.vocabulary_size)
        expected = f"`sequences` must hold tokens from 0 to {self.vocabulary_size - 1}."
        if tf.executing_eagerly():
            if tf.reduce_any(wrong):
                raise ValueError(f"{expected} Received: token {int(tokens[wrong][0])}.")
        else:
            received = [f"{expected} Received: tokens up to", tf.reduce_max(tokens)]
            check = tf.debugging.Assert(~tf.reduce_any(wrong), received)
            with tf.control_dependencies([check]):
                tokens = tf.identity(tokens)
        return tokens, tf.not_equal(tokens, 0)

    def _per_token(self, sequences, order):
        """Log p of each token, 0 at padding, and where there is none."""
        tokens, mask = self._check_tokens(sequences)
        moved, order_of_steps = _left(tokens, mask)
        padded = tf.pad(moved, ((0, 0), (order, 0)))
        time = tf.shape(tokens)[1]
        contexts = [padded[:, d : d + time] for d in range(order)]
        contexts = [tf.reshape(c, [-1]) for c in contexts]
        contexts = tf.stack(contexts, axis=1) if order else tf.reshape(moved, (-1, 1))
        chances = self._probability(contexts, tf.reshape(moved, (-1, 1)), order)
        chances = tf.reshape(chances, tf.shape(tokens))
        back = tf.argsort(order_of_steps, axis=1)
        log_probs = tf.math.log(tf.gather(chances, back, batch_dims=1))
        return tf.where(mask, log_probs, tf.zeros_like(log_probs)), mask

    def _probability(self, contexts, tokens, order):
        """P of `(n, m)` tokens after `(n, order)` contexts, the newest token last."""
        dtype, size = self.variable_dtype, self.vocabulary_size
        uniform = np.full(size, 1 / (size - len(self.excluded)))
        uniform[list(self.excluded)] = 0.0
        chances = tf.gather(tf.constant(uniform, dtype), tokens)
        known = tf.ones_like(tokens[:, 0], "bool")
        place = tf.zeros_like(tokens[:, 0])
        for d, table in enumerate(self._tables[: order + 1]):
            table = {part: tf.constant(table[part]) for part in _PARTS}
            if d:
                key = place * size + contexts[:, order - d]
                found, place = _look_up(table["contexts"], key)
                known &= found
            key = place[:, tf.newaxis] * size + tokens
            found, at = _look_up(table["followers"], tf.reshape(key, [-1]))
            count = tf.where(found, tf.gather(table["counts"], at), 0)
            count = tf.cast(tf.reshape(count, tf.shape(key)), dtype)
            total = tf.cast(tf.gather(table["totals"], place), dtype)[:, tf.newaxis]
            types = tf.cast(tf.gather(table["types"], place), dtype)[:, tf.newaxis]
            if self.smoothing == "witten_bell":
                mixed = (count + types * chances) / (total + types)
            else:
                rest = self.discount * types * chances
                mixed = (tf.maximum(count - self.discount, 0.0) + rest) / total
            chances = tf.where(known[:, tf.newaxis], mixed, chances)
        return chances


def ngram_tables(model, sequences):
    """What `Markov.set_tables` takes, counted; see `keras_rnn_zoo.training.counting`.

    Args:
        model: `Markov`.
        sequences: list of int arrays `(time,)`, without padding.
    """
    size, order = model.vocabulary_size, model.order
    lengths = np.array([len(x) for x in sequences])
    # All sequences in one line, with k zeros before each.
    steps = np.arange(lengths.sum())
    steps += np.repeat(order * np.arange(1, len(lengths) + 1), lengths)
    line = np.zeros(lengths.sum() + order * len(lengths), "int64")
    tokens = line[steps] = np.concatenate(sequences)
    place = np.zeros(len(tokens), "int64")
    tables = []
    for d in range(order + 1):
        contexts = np.zeros(1, "int64")
        if d:
            keys = place * size + line[steps - d]
            contexts, place = np.unique(keys, return_inverse=True)
        followers, counts = np.unique(place * size + tokens, return_counts=True)
        tables.append({"contexts": contexts, "followers": followers, "counts": counts})
    if model.smoothing == "kneser_ney":
        for shorter, longer in zip(tables[:-1], tables[1:], strict=True):
            # One for each token that was seen before the context and its follower.
            parents = longer["contexts"][longer["followers"] // size] // size
            keys = parents * size + longer["followers"] % size
            shorter["counts"] = np.bincount(
                np.searchsorted(shorter["followers"], keys),
                minlength=len(shorter["followers"]),
            )
    for table in tables:
        owner = table["followers"] // size
        number = len(table["contexts"])
        table["types"] = np.bincount(owner, minlength=number)
        table["totals"] = np.bincount(owner, table["counts"], number).astype("int64")
    return tables


def _tokens(name, value):
    """The tokens in their order, each once; raises if `value` holds something else."""
    try:
        return tuple(sorted({integer(name, token) for token in value}))
    except TypeError:
        raise TypeError(
            f"`{name}` must be a sequence of integers. Received: {name}={value!r}."
        ) from None


def _left(tokens, mask):
    """Tokens without the padding between them, and the steps in that order."""
    steps = tf.range(tf.shape(tokens)[1])
    order = tf.argsort(tf.where(mask, steps, steps + tf.shape(tokens)[1]), axis=1)
    return tf.gather(tokens, order, batch_dims=1), order


def _look_up(keys, queries):
    """Whether each query is among sorted keys, and a place that may be read."""
    place = tf.searchsorted(keys, queries, out_type="int64")
    place = tf.minimum(place, tf.cast(tf.shape(keys)[0] - 1, "int64"))
    return tf.equal(tf.gather(keys, place), queries), place
