"""Initializers that single cells need beside those of Keras."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import checked, positive_number
from keras_rnn_zoo.layers.core.registry import register


@register
class SoftplusUniform(keras.initializers.Initializer):
    """Numbers whose softplus is even over an interval above 0.

    Args:
        low: positive number.
        high: number above `low`.
        seed: int, None, or a Keras seed generator.

    Raises:
        ValueError: if they are no such interval.

    Example:
    >>> raw = SoftplusUniform(0.4, 0.6)((100,))
    >>> bool(np.all(abs(np.log1p(np.exp(raw)) - 0.5) < 0.1001))
    True
    """

    def __init__(self, low: float, high: float, seed: int | None = None) -> None:
        low, high = positive_number("low", low), positive_number("high", high)
        if not low < high:
            raise ValueError(
                "`low` must be above 0 and below `high`. "
                f"Received: low={low!r}, high={high!r}."
            )
        if not isinstance(seed, keras.random.SeedGenerator):
            seed = checked("seed", "seed", seed)
        self.low, self.high, self.seed = low, high, seed

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        drawn = keras.random.uniform(shape, self.low, self.high, dtype, self.seed)
        return ops.log(ops.expm1(drawn))

    def get_config(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "seed": self.seed}


@register
class SkewBlocks(keras.initializers.Initializer):
    """Angles s above the diagonal, for a skew matrix of blocks [[0, s], [-s, 0]].

    exp of such a matrix turns each pair of units by its angle.

    Args:
        form: "henaff": s is even over [-π, π] (Henaff et al., 2016); "cayley": s is
            -√((1 - cos u) / (1 + cos u)) with u even over [0, π / 2] (Helfrich et al.,
            2018).
        seed: int, None, or a Keras seed generator.

    Raises:
        ValueError: if `form` is none of the two.

    Example:
    >>> SkewBlocks(seed=0)((4, 4)).numpy().nonzero()
    (array([0, 2]), array([1, 3]))
    """

    def __init__(self, form: str = "henaff", seed: int | None = None) -> None:
        if form not in ("henaff", "cayley"):
            raise ValueError(
                f"`form` must be 'henaff' or 'cayley'. Received: form={form!r}."
            )
        self.form, self.seed = form, seed

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        high = np.pi if self.form == "henaff" else np.pi / 2
        low = -np.pi if self.form == "henaff" else 0.0
        pairs = shape[0] // 2
        s = keras.random.uniform((pairs,), low, high, dtype=dtype, seed=self.seed)
        if self.form == "cayley":
            s = -ops.sqrt((1 - ops.cos(s)) / (1 + ops.cos(s)))
        places = np.arange(pairs)[:, None] * 2 + [[0, 1]]
        return ops.scatter(places, s, shape)

    def get_config(self) -> dict[str, Any]:
        return {"form": self.form, "seed": self.seed}
