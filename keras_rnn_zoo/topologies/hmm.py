"""Hidden Markov model: a chain of states that nobody sees, and what each one shows."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_zoo.layers.core.arguments import (
    checked,
    number,
    one_of,
    positive_integer,
)
from keras_rnn_zoo.layers.core.drawn import Chain
from keras_rnn_zoo.layers.core.fitting import NoClassWeights, needs_tensorflow
from keras_rnn_zoo.layers.core.kinds import DType
from keras_rnn_zoo.layers.core.parts import KeepsSettings
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.rnn import checked_mask
from keras_rnn_zoo.ops import chains
from keras_rnn_zoo.ops.crf import check_tags

_EMISSIONS = ("categorical", "gaussian")


@register
class HMM(NoClassWeights, KeepsSettings, keras.Model):
    """Hidden Markov model of sequences of symbols or of real-valued features.

        P(s, x) = π[s_1] Π_{t>1} A[s_{t-1}, s_t] Π_t B[s_t](x_t)
        π = softmax(initial), A = softmax of each row of `transition`
        B[i](x) = softmax(emission[i])[x]                          "categorical"
        B[i](x) = Π_f N(x_f; mean[i, f], exp(log_variance[i, f]))   "gaussian"

    A call gives log P(x) = log Σ_s P(s, x) of each sequence. Three ways to train it:
    `compile(optimizer)` and `fit(x)`, by the gradient of -log P(x), or with `fit(x, s)`
    of -log P(s, x); `keras_rnn_zoo.training.em.fit_em`, Baum-Welch; and, where states
    are known, `keras_rnn_zoo.training.counting.fit_counts`. When to use it: few data,
    or states to be looked at; else a recurrent network fits better. Needs Keras's
    TensorFlow backend.

    Reference: Rabiner, 1989, "A tutorial on hidden Markov models and selected
    applications in speech recognition". Differs from the paper: normalised in the log
    domain; Gaussians are diagonal and no mixtures.

    Args:
        num_states: int.
        emission: "categorical" or "gaussian".
        num_symbols: int. Symbols are 0 to `num_symbols` - 1. Categorical only.
        num_features: int. Gaussian only.
        mask_value: number or None. Steps that hold nothing else are masked.
        seed: int or None. Seed of the first weights.
        name: str or None.
        dtype: dtype policy or its name, or None for the global one.

    Call arguments:
        inputs: int `(batch, time)` or float `(batch, time, num_features)`.
        mask: bool `(batch, time)`, of any pattern; None: by `mask_value`.

    Returns:
        `(batch,)`, the log probability, in the variable dtype.

    Weights:
        initial `(num_states,)`, transition `(num_states, num_states)` from row to
        column, emission `(num_states, num_symbols)`: logits, of which -inf is a
        probability of 0. Gaussian, in the place of emission: mean and log_variance
        `(num_states, num_features)`.

    Masking: a masked step is as if it were not there: its neighbours are linked by one
    transition. At the end of a sequence that is the same as an observation that is
    missing. A sequence without any step has log probability 0.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range, or belongs to the
            other emission. In calls: if a symbol is not in [0, num_symbols)
            (`tf.errors.InvalidArgumentError` inside `fit`).

    Example:
    >>> hmm = HMM(2, num_symbols=3, seed=0)
    >>> x = np.array([[0, 2, 1, 1]])
    >>> states, log_joint = hmm.viterbi(x)
    >>> bool(np.isclose(log_joint, hmm.joint_log_prob(states, x))[0])
    True
    >>> hmm.compile("adam")
    >>> history = hmm.fit(x, verbose=0)
    """

    _weighs = "(batch,)"
    chain = Chain("HMM: hidden states z, each shows an x", hidden="z")

    def __init__(
        self,
        num_states: int,
        emission: str = "categorical",
        *,
        num_symbols: int | None = None,
        num_features: int | None = None,
        mask_value: float | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: DType = None,
    ) -> None:
        needs_tensorflow(HMM)
        num_states = positive_integer("num_states", num_states)
        emission = one_of("emission", emission, _EMISSIONS)
        sizes = {"num_symbols": num_symbols, "num_features": num_features}
        needed = "num_symbols" if emission == "categorical" else "num_features"
        for argument, value in sizes.items():
            if (value is None) == (argument == needed):
                raise ValueError(
                    f"`{needed}` must be given for emission={emission!r}, and no other "
                    f"size. Received: num_symbols={num_symbols!r}, "
                    f"num_features={num_features!r}."
                )
        width = positive_integer(needed, sizes[needed])
        if mask_value is not None:
            mask_value = number("mask_value", mask_value)
        super().__init__(name=name, dtype=dtype)
        self.num_states = num_states
        self.emission_kind = emission
        self.num_symbols = width if emission == "categorical" else None
        self.num_features = width if emission == "gaussian" else None
        self.mask_value = mask_value
        self.seed = seed = checked("seed", "seed", seed)
        self.supports_masking = True
        self.supports_jit = False  # XLA would compile for each length of sequence

        def add(name, *shape, spread=0.5, place=0):
            own_seed = None if seed is None else seed + place
            return self.add_weight(
                name=name,
                shape=shape,
                initializer=keras.initializers.RandomNormal(
                    stddev=spread, seed=own_seed
                )
                if spread
                else "zeros",
                autocast=False,
            )

        # Drawn, for equal states would stay equal.
        self.initial = add("initial", num_states)
        self.transition = add("transition", num_states, num_states, place=1)
        if emission == "categorical":
            self.emission = add("emission", num_states, width, place=2)
        else:
            self.mean = add("mean", num_states, width, spread=1.0, place=2)
            self.log_variance = add("log_variance", num_states, width, spread=0.0)
        self.built = True
        self._is_made()

    def call(self, inputs: Any, mask: Any = None) -> Any:
        return chains.log_norm(**self._chain(inputs, mask))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return None  # one number for a sequence

    def log_prob(self, sequences: Any, mask: Any = None) -> Any:
        """Log P(x), for each sequence; what a call gives.

        Args:
            sequences: int `(batch, time)` or float `(batch, time, num_features)`.
            mask: bool `(batch, time)`, or None: by `mask_value`.

        Returns:
            `(batch,)`.
        """
        return self.call(tf.convert_to_tensor(sequences), mask)

    def joint_log_prob(self, states: Any, observations: Any, mask: Any = None) -> Any:
        """Log P(s, x), for each sequence.

        Args:
            states: int `(batch, time)`; anything where masked.
            observations: as `sequences` of `log_prob`.
            mask: bool `(batch, time)`, or None: by `mask_value`.

        Returns:
            `(batch,)`.

        Raises:
            ValueError: if a state is not in [0, num_states).
        """
        chain = self._chain(observations, mask)
        states = check_tags("states", states, chain["mask"], self.num_states)
        return chains.path_score(states=states, **chain)

    def posterior(self, observations: Any, mask: Any = None) -> Any:
        """P(s_t | x), for each step.

        Args:
            observations: as `sequences` of `log_prob`.
            mask: bool `(batch, time)`, or None: by `mask_value`.

        Returns:
            `(batch, time, num_states)`; zeros where masked.
        """
        return chains.marginals(**self._chain(observations, mask))

    def viterbi(self, observations: Any, mask: Any = None) -> tuple[Any, Any]:
        """The most probable path of states, and log P(s, x) of it.

        Args:
            observations: as `sequences` of `log_prob`.
            mask: bool `(batch, time)`, or None: by `mask_value`.

        Returns:
            `(states, log_prob)`: int32 `(batch, time)`, 0 where masked, and `(batch,)`.
        """
        return chains.viterbi(**self._chain(observations, mask))

    def expectations(
        self, observations: Any, mask: Any = None
    ) -> tuple[Any, Any, Any, Any]:
        """What one E-step of Baum-Welch needs; see `keras_rnn_zoo.training.em`.

        Args:
            observations: as `sequences` of `log_prob`.
            mask: bool `(batch, time)`, or None: by `mask_value`.

        Returns:
            `(log_prob, posterior, transitions, mask)`: `(batch,)`, as `posterior`, the
            expected number of each transition over all rows `(num_states,
            num_states)`, and bool `(batch, time)`.
        """
        chain = self._chain(observations, mask)
        posterior, transitions = chains.expectations(**chain)
        return chains.log_norm(**chain), posterior, transitions, chain["mask"]

    def mask_of(self, observations: Any) -> Any:
        """Where there is something else than `mask_value`.

        Args:
            observations: as `sequences` of `log_prob`.

        Returns:
            bool `(batch, time)`.
        """
        x = tf.convert_to_tensor(observations)
        if self.mask_value is None:
            return tf.ones(tf.shape(x)[:2], "bool")
        mask = tf.not_equal(x, tf.cast(self.mask_value, x.dtype))
        return tf.reduce_any(mask, axis=-1) if len(x.shape) == 3 else mask

    def sample(
        self, num_sequences: int, length: int, seed: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws states and what they show.

        Args:
            num_sequences: int.
            length: int. Steps of each sequence.
            seed: int or None.

        Returns:
            `(states, observations)`: int32 `(num_sequences, length)`, and int32 of the
            same shape or float32 `(num_sequences, length, num_features)`.

        Raises:
            TypeError, ValueError: if `num_sequences` or `length` is not a positive
                integer.

        Example:
        >>> states, x = HMM(2, "gaussian", num_features=3).sample(4, 5, seed=0)
        >>> states.shape, x.shape
        ((4, 5), (4, 5, 3))
        """
        rows = positive_integer("num_sequences", num_sequences)
        length = positive_integer("length", length)
        generator = np.random.default_rng(seed)
        transition = _probabilities(self.transition)
        states = np.zeros((rows, length), "int32")
        chances = np.tile(_probabilities(self.initial), (rows, 1))
        for t in range(length):
            states[:, t] = _draw(chances, generator)
            chances = transition[states[:, t]]
        if self.emission_kind == "categorical":
            chances = _probabilities(self.emission)[states.ravel()]
            shown = _draw(chances, generator).reshape(rows, length)
            return states, shown.astype("int32")
        mean = keras.ops.convert_to_numpy(self.mean)[states]
        spread = np.exp(keras.ops.convert_to_numpy(self.log_variance) / 2)[states]
        shown = mean + spread * generator.normal(size=mean.shape)
        return states, shown.astype("float32")

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *args: Any,
        sample_weight: Any = None,
        **kwargs: Any,
    ) -> Any:
        """As `keras.Model.fit`; `sample_weight` also where there are no states."""
        y = _no_states(x, y, sample_weight)
        data: Any = kwargs.get("validation_data")
        if data is not None and isinstance(data, tuple | list) and len(data) == 3:
            kwargs["validation_data"] = data[0], _no_states(*data), data[2]
        # What stands before `keras.Model.fit` is wrapped, and taken for a function.
        fit: Any = super().fit
        return fit(x, y, *args, sample_weight=sample_weight, **kwargs)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        *args: Any,
        sample_weight: Any = None,
        **kwargs: Any,
    ) -> Any:
        """As `keras.Model.evaluate`; `sample_weight` also where there are no states."""
        y = _no_states(x, y, sample_weight)
        return super().evaluate(x, y, *args, sample_weight=sample_weight, **kwargs)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """-log P(x), or with states as `y` -log P(y, x): the mean over sequences."""
        if y is None or y.shape[1:] == (0,):
            losses = -y_pred
        else:
            losses = -self.joint_log_prob(y, x)
        if sample_weight is not None:
            sample_weight = tf.reshape(sample_weight, [-1])
        loss = _Mean(name="mean")(losses, losses, sample_weight)  # of all replicas
        return loss + super().compute_loss() if self.losses else loss

    def _chain(self, observations, mask):
        """The arguments of the functions in `ops.chains`."""
        x = tf.convert_to_tensor(observations)
        expected = 2 if self.emission_kind == "categorical" else 3
        if len(x.shape) != expected or x.shape[2:].as_list() not in (
            [],
            [self.num_features],
        ):
            shape = "(batch, time)"
            if self.num_features is not None:
                shape = f"(batch, time, {self.num_features})"
            raise ValueError(
                f"`observations` must be of shape {shape}. "
                f"Received: observations of shape {tuple(x.shape)}."
            )
        mask = self.mask_of(x) if mask is None else checked_mask(mask, x)
        return {
            "unary": self._emission_log_prob(x, mask),
            "mask": mask,
            "transition": tf.nn.log_softmax(tf.convert_to_tensor(self.transition)),
            "initial": tf.nn.log_softmax(tf.convert_to_tensor(self.initial)),
        }

    def _emission_log_prob(self, x, mask):
        if self.emission_kind == "categorical":
            x = check_tags("observations", x, mask, self.num_symbols)
            table = tf.nn.log_softmax(tf.convert_to_tensor(self.emission))
            return tf.gather(tf.transpose(table), x)
        x = tf.cast(x, self.variable_dtype)
        x = tf.where(mask[..., tf.newaxis], x, tf.zeros_like(x))[:, :, tf.newaxis]
        log_variance = tf.convert_to_tensor(self.log_variance)
        away = (x - self.mean) ** 2 * tf.exp(-log_variance)
        return -0.5 * tf.reduce_sum(away + log_variance + math.log(2 * math.pi), -1)

    def get_config(self) -> dict[str, Any]:
        return {
            "num_states": self.num_states,
            "emission": self.emission_kind,
            "num_symbols": self.num_symbols,
            "num_features": self.num_features,
            "mask_value": self.mask_value,
            "seed": self.seed,
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            **self._changed,
        }


class _Mean(keras.losses.Loss):
    """The mean of losses over the sequences of a batch, on however many replicas."""

    def call(self, y_true, y_pred):
        return y_pred


def _no_states(x, y, sample_weight):
    """`y`, or for it states of no step: Keras passes no weights on where it is None."""
    if y is not None or sample_weight is None or not hasattr(x, "shape"):
        return y
    return np.zeros((x.shape[0], 0), "int32")


def _probabilities(logits):
    logits = keras.ops.convert_to_numpy(logits).astype("float64")
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _draw(chances, generator):
    """One index for each row of probabilities."""
    below = np.cumsum(chances, axis=-1) <= generator.random((len(chances), 1))
    return below.sum(axis=-1).clip(max=chances.shape[-1] - 1)
