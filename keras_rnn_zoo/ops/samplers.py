"""How the next token is chosen; names are KerasHub's where the thing is the same."""

from typing import Any, Self

import keras
from keras import ops

from keras_rnn_zoo.ops.checks import (
    integer_from,
    number_from,
    positive_number,
    share,
)

#: What stands for a log-probability of minus infinity where sums must stay finite.
IMPOSSIBLE = -1e9


class Sampler:
    """Base of the samplers: a token from the logits of a step.

    Args:
        temperature: float, above 0. Logits are divided by it before a token is drawn.
        seed: int or None. The same seed, sources and weights give the same tokens.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if `temperature` is not positive, or `seed` is negative.
    """

    draws = True

    def __init__(self, temperature: float = 1.0, seed: int | None = None) -> None:
        self.temperature = positive_number(
            *("temperature", temperature),
            " Use GreedySampler for the most likely token.",
        )
        self.seed = None if seed is None else integer_from("seed", seed, 0)

    def choose(self, logits: Any, draw: Any) -> Any:
        """Returns a token for each row.

        Args:
            logits: float32 `(batch, tokens)`; tokens that must not be are at or below
                `IMPOSSIBLE`.
            draw: float32 `(batch,)`, a number in [0, 1) for each row.

        Returns:
            int32 `(batch,)`.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"temperature": self.temperature, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes the sampler again from its config."""
        return cls(**config)


_register = keras.saving.register_keras_serializable(package="keras_rnn_zoo")


@_register
class GreedySampler(Sampler):
    """The most likely token at each step.

    Example:
    >>> GreedySampler().choose(np.array([[0.0, 2.0, 1.0]]), np.zeros(1)).numpy()
    array([1], dtype=int32)
    """

    draws = False

    def __init__(self) -> None:
        super().__init__()

    def choose(self, logits: Any, draw: Any = None) -> Any:
        if keras.backend.backend() == "tensorflow":  # one op instead of Keras's six
            import tensorflow as tf

            return tf.argmax(logits, axis=-1, output_type="int32")
        return ops.cast(ops.argmax(logits, axis=-1), "int32")

    def get_config(self) -> dict[str, Any]:
        return {}


@_register
class RandomSampler(Sampler):
    """A token drawn from the softmax of the logits.

    Args:
        seed: int or None.
        temperature: float, above 0.

    Example:
    >>> sampler = RandomSampler(seed=0)
    >>> sampler.choose(np.array([[0.0, 9.0]]), np.array([0.5])).numpy()
    array([1], dtype=int32)
    """

    def __init__(self, seed: int | None = None, temperature: float = 1.0) -> None:
        super().__init__(temperature, seed)

    def choose(self, logits: Any, draw: Any) -> Any:
        return by_mass(logits / self.temperature, draw)


@_register
class TopKSampler(Sampler):
    """A token drawn from the k most likely ones.

    Reference: Fan et al., 2018, "Hierarchical Neural Story Generation",
    https://arxiv.org/abs/1805.04833, section 5.4.

    Args:
        k: int, at least 1. More than there are tokens: all of them.
        seed: int or None.
        temperature: float, above 0.

    Example:
    >>> sampler = TopKSampler(k=1)
    >>> sampler.choose(np.array([[0.0, 1.0]]), np.array([0.0])).numpy()
    array([1], dtype=int32)
    """

    def __init__(
        self, k: int = 5, seed: int | None = None, temperature: float = 1.0
    ) -> None:
        super().__init__(temperature, seed)
        self.k = integer_from("k", k, 1)

    def choose(self, logits: Any, draw: Any) -> Any:
        logits, ids = ops.top_k(logits, min(self.k, logits.shape[-1]))
        place = by_mass(logits / self.temperature, draw)
        return ops.cast(gather(ids, place, 1, 1), "int32")

    def get_config(self) -> dict[str, Any]:
        return {"k": self.k, **super().get_config()}


@_register
class TopPSampler(Sampler):
    """A token drawn from the fewest most likely ones that have mass p together.

    Reference: Holtzman et al., 2020, "The Curious Case of Neural Text Degeneration",
    https://arxiv.org/abs/1904.09751, section 3.1.

    Args:
        p: float in (0, 1]. The token that reaches p is among them.
        k: int or None. Looks at the k most likely tokens only, whose mass counts among
            all.
        seed: int or None.
        temperature: float, above 0.

    Example:
    >>> sampler = TopPSampler(p=0.5)
    >>> sampler.choose(np.array([[0.0, 1.0]]), np.array([0.0])).numpy()
    array([1], dtype=int32)
    """

    def __init__(
        self,
        p: float = 0.1,
        k: int | None = None,
        seed: int | None = None,
        temperature: float = 1.0,
    ) -> None:
        super().__init__(temperature, seed)
        self.p = share("p", p)
        self.k = None if k is None else integer_from("k", k, 1)

    def choose(self, logits: Any, draw: Any) -> Any:
        width = logits.shape[-1]
        probabilities = ops.softmax(logits / self.temperature, axis=-1)
        top, ids = ops.top_k(probabilities, min(self.k or width, width))
        before = ops.cumsum(top, axis=-1) - top
        kept = ops.where(before < self.p, ops.log(ops.maximum(top, 1e-37)), IMPOSSIBLE)
        place = by_mass(kept, draw)
        return ops.cast(gather(ids, place, 1, 1), "int32")

    def get_config(self) -> dict[str, Any]:
        return {"p": self.p, "k": self.k, **super().get_config()}


@_register
class BeamSampler(Sampler):
    """Beam search: the likeliest sequences, of which `num_beams` are carried on.

        score(Y|X) = log P(Y|X) / lp(Y) + cp(X; Y)
        lp(Y) = ((5 + |Y|) / 6)^α
        cp(X; Y) = β Σ_i log(min(Σ_j p_ij, 1))

    |Y| counts the end. α is `length_penalty`, β is `coverage_penalty`, p_ij the
    attention to step i of the source at step j. Both say which finished sequence is
    best; among sequences of one length that go on, log P decides. A beam that has ended
    keeps its score and its length. The search ends where no beam can become better than
    the finished ones, or at the greatest length.

    With `num_groups` groups of beams, of the log-probabilities from which a group
    chooses, `diversity` is taken off for each beam of the groups before it that has
    chosen the same token at the same step; scores are without it.

    Reference: Wu et al., 2016, "Google's Neural Machine Translation System",
    https://arxiv.org/abs/1609.08144, eq. (14); Vijayakumar et al., 2016, "Diverse Beam
    Search", https://arxiv.org/abs/1610.02424, eq. (4). Differs from the papers: of
    coverages, none is taken for less than 1e-10; nothing is pruned.

    Args:
        num_beams: int, at least 1.
        return_all_beams: bool. Whether all finished sequences come back, the best one
            first, or the best one alone.
        length_penalty: float, at least 0: α. 0 does not look at the length, and prefers
            short sequences; 1 nearly makes it a mean.
        coverage_penalty: float, at least 0: β. Asks for attention.
        num_groups: int that divides `num_beams`.
        diversity: float, at least 0. Matters with `num_groups` above 1.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if a value is out of its range.

    Example:
    >>> BeamSampler(4, length_penalty=0.6).get_config()["num_beams"]
    4
    """

    draws = False

    def __init__(
        self,
        num_beams: int = 5,
        return_all_beams: bool = False,
        *,
        length_penalty: float = 0.0,
        coverage_penalty: float = 0.0,
        num_groups: int = 1,
        diversity: float = 0.5,
    ) -> None:
        super().__init__()
        self.num_beams = integer_from("num_beams", num_beams, 1)
        if not isinstance(return_all_beams, bool):
            raise TypeError(
                "`return_all_beams` must be True or False. "
                f"Received: return_all_beams={return_all_beams!r}."
            )
        self.return_all_beams = return_all_beams
        self.length_penalty = number_from("length_penalty", length_penalty, 0)
        self.coverage_penalty = number_from("coverage_penalty", coverage_penalty, 0)
        self.num_groups = integer_from("num_groups", num_groups, 1)
        if self.num_beams % self.num_groups:
            raise ValueError(
                "`num_groups` must divide `num_beams`. Received: "
                f"num_groups={num_groups!r}, num_beams={num_beams!r}."
            )
        self.diversity = number_from("diversity", diversity, 0)

    def choose(self, logits: Any, draw: Any = None) -> Any:
        raise NotImplementedError("Beams are no single tokens: see `beam_search`.")

    def get_config(self) -> dict[str, Any]:
        return {
            "num_beams": self.num_beams,
            "return_all_beams": self.return_all_beams,
            "length_penalty": self.length_penalty,
            "coverage_penalty": self.coverage_penalty,
            "num_groups": self.num_groups,
            "diversity": self.diversity,
        }


NAMES = {
    "greedy": GreedySampler,
    "random": RandomSampler,
    "top_k": TopKSampler,
    "top_p": TopPSampler,
    "beam": BeamSampler,
}


def get(sampler):
    """Returns a `Sampler` for a name, a config or a sampler.

    Args:
        sampler: "greedy", "random", "top_k", "top_p", "beam", with what KerasHub takes
            for them; a `Sampler`, or what `serialize` has made of one.

    Raises:
        ValueError: if it is a name of none.
        TypeError: if it is none of the above.

    Example:
    >>> get("beam").num_beams
    5
    """
    if isinstance(sampler, dict):
        sampler = deserialize(sampler)
    if isinstance(sampler, str) and sampler in NAMES:
        return NAMES[sampler]()
    if isinstance(sampler, Sampler):
        return sampler
    raise (ValueError if isinstance(sampler, str) else TypeError)(
        f"`sampler` must be one of {', '.join(map(repr, NAMES))} or a Sampler. "
        f"Received: sampler={sampler!r}."
    )


def serialize(sampler):
    """Returns what JSON can hold of a sampler."""
    return keras.saving.serialize_keras_object(sampler)


def deserialize(config):
    """The inverse of `serialize`."""
    return keras.saving.deserialize_keras_object(config)


def by_mass(logits, draw):
    """The place of `draw`, in [0, 1), in the cumulated softmax: int32 `(batch,)`."""
    logits = logits - ops.max(logits, axis=-1, keepdims=True)
    mass = ops.cumsum(ops.exp(logits), axis=-1)
    below = mass <= ops.expand_dims(draw, -1) * mass[:, -1:]
    place = ops.sum(ops.cast(below, "int32"), axis=-1)
    return ops.minimum(place, ops.cast(ops.shape(logits)[-1] - 1, "int32"))


def gather(tensor, places, axis=0, batch_dims=0):
    """Entries at places that are there, as `tf.gather`.

    One op with TensorFlow, where `ops.take` and `ops.take_along_axis` take ten: they
    look for places that are counted from the end.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.gather(tensor, places, axis=axis, batch_dims=batch_dims)
    if not batch_dims:
        return ops.take(tensor, places, axis=axis)
    one_each = len(places.shape) == axis
    places = ops.expand_dims(places, axis) if one_each else places
    more = len(tensor.shape) - len(places.shape)
    places = ops.reshape(places, (*ops.shape(places), *[1] * more))
    found = ops.take_along_axis(tensor, places, axis=axis)
    return ops.squeeze(found, axis) if one_each else found
