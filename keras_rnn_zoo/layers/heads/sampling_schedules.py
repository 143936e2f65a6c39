"""How often a model that feeds its output back is still shown the truth.

A schedule is called with the number of training steps done and returns the
probability, in [0, 1], that a step of the sequence gets the true previous output
instead of the model's own.
"""

import math
from typing import Any, Self

import keras
from keras import ops

from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.ops.checks import is_number, number_between, number_from


class SamplingSchedule:
    """Base of the schedules of scheduled sampling; subclass it for one of your own.

    A subclass writes `probability(step)` with `keras.ops`, for a float scalar tensor
    `step`. The result is kept between `minimum` and 1.

    Reference: Bengio et al., 2015, "Scheduled Sampling for Sequence Prediction with
    Recurrent Neural Networks", https://arxiv.org/abs/1506.03099, section 2.4.
    Differs from the paper: the floor, there only of the linear decay, is in all.

    Args:
        minimum: float in [0, 1]. The probability never falls below it.

    Raises:
        TypeError: if `minimum` is not a number.
        ValueError: if `minimum` is not in [0, 1].
    """

    def __init__(self, minimum: float = 0.0) -> None:
        self.minimum = number_between("minimum", minimum, 0.0, 1.0)

    def probability(self, step: Any) -> Any:
        """The probability at `step`, before the floor."""
        raise NotImplementedError

    def __call__(self, step: Any) -> Any:
        """The probability of the truth after `step` training steps, a float scalar."""
        p = self.probability(ops.cast(step, "float32"))
        return ops.clip(ops.cast(p, "float32"), self.minimum, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"minimum": self.minimum}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes the schedule again from its config."""
        return cls(**config)


@register
class ConstantSampling(SamplingSchedule):
    """The same probability at every training step.

        ε_i = k

    Args:
        k: float in [0, 1]. 1 is teacher forcing, 0 never shows the truth.

    Raises:
        TypeError: if `k` is not a number.
        ValueError: if `k` is not in [0, 1].

    Example:
    >>> float(ConstantSampling(0.25)(100))
    0.25
    """

    def __init__(self, k: float) -> None:
        super().__init__()
        self.k = number_between("k", k, 0.0, 1.0)

    def probability(self, step: Any) -> Any:
        return ops.zeros_like(step) + self.k

    def get_config(self) -> dict[str, Any]:
        return {"k": self.k}


@register
class LinearSampling(SamplingSchedule):
    """A probability that falls by the same amount each training step.

        ε_i = max(minimum, k - c i)

    Args:
        k: float in [0, 1]. The probability at the first step.
        c: float, at least 0. What each training step takes off.
        minimum: float in [0, 1]. The probability never falls below it.

    Raises:
        TypeError: if an argument is not a number.
        ValueError: if an argument is out of its range.

    Example:
    >>> float(LinearSampling(k=1.0, c=0.01, minimum=0.2)(50))
    0.5
    """

    def __init__(self, k: float = 1.0, c: float = 0.001, minimum: float = 0.0) -> None:
        super().__init__(minimum)
        self.k = number_between("k", k, 0.0, 1.0)
        self.c = number_between("c", c, 0.0, math.inf)

    def probability(self, step: Any) -> Any:
        return self.k - self.c * step

    def get_config(self) -> dict[str, Any]:
        return {"k": self.k, "c": self.c, **super().get_config()}


@register
class ExponentialSampling(SamplingSchedule):
    """A probability that falls by the same factor each training step.

        ε_i = max(minimum, k^i)

    Args:
        k: float in (0, 1). The factor.
        minimum: float in [0, 1]. The probability never falls below it.

    Raises:
        TypeError: if an argument is not a number.
        ValueError: if an argument is out of its range.

    Example:
    >>> round(float(ExponentialSampling(0.99)(100)), 3)
    0.366
    """

    def __init__(self, k: float = 0.998, minimum: float = 0.0) -> None:
        super().__init__(minimum)
        self.k = number_between("k", k, 0.0, 1.0)
        if self.k in (0.0, 1.0):
            raise ValueError(
                "`k` must be a number with 0 < k < 1. "
                f"Received: k={k!r}. Use ConstantSampling for what does not change."
            )

    def probability(self, step: Any) -> Any:
        return ops.exp(math.log(self.k) * step)

    def get_config(self) -> dict[str, Any]:
        return {"k": self.k, **super().get_config()}


@register
class InverseSigmoidSampling(SamplingSchedule):
    """A probability that stays near 1, falls, and then stays near 0.

        ε_i = max(minimum, k / (k + exp(i / k)))

    It is 1/2 after k ln k training steps.

    Args:
        k: float, at least 1. The larger, the later and the slower it falls.
        minimum: float in [0, 1]. The probability never falls below it.

    Raises:
        TypeError: if an argument is not a number.
        ValueError: if an argument is out of its range.

    Example:
    >>> round(float(InverseSigmoidSampling(100.0)(460.5)), 3)
    0.5
    """

    def __init__(self, k: float = 150.0, minimum: float = 0.0) -> None:
        super().__init__(minimum)
        self.k = number_from("k", k, 1)

    def probability(self, step: Any) -> Any:
        # k / (k + exp(i/k)) without an exponential that overflows.
        return ops.sigmoid(math.log(self.k) - step / self.k)

    def get_config(self) -> dict[str, Any]:
        return {"k": self.k, **super().get_config()}


NAMES = {
    "linear": LinearSampling,
    "exponential": ExponentialSampling,
    "inverse_sigmoid": InverseSigmoidSampling,
}


def get(schedule):
    """Returns a `SamplingSchedule` for whatever the user calls a schedule.

    Args:
        schedule: a name ("linear", "exponential", "inverse_sigmoid"); a dict with that
            `name` and the arguments of the schedule, as a recipe has it; a number, the
            same at every step; a `SamplingSchedule`, or its Keras config.

    Raises:
        ValueError: if the name or the number is none that can be used.
        TypeError: if `schedule` is none of the above.
    """
    if isinstance(schedule, SamplingSchedule):
        return schedule
    if isinstance(schedule, dict) and "name" in schedule:
        arguments = dict(schedule)
        schedule = get(arguments.pop("name"))
        unknown = set(arguments) - set(schedule.get_config())
        if unknown:
            raise ValueError(
                "`sampling_schedule` must hold `name` and its arguments "
                f"{', '.join(schedule.get_config())}. Received: "
                f"sampling_schedule with {', '.join(sorted(unknown))}."
            )
        return type(schedule)(**arguments)
    if isinstance(schedule, dict):
        made = keras.saving.deserialize_keras_object(schedule)
        if isinstance(made, SamplingSchedule):
            return made
    elif isinstance(schedule, str):
        if schedule in NAMES:
            return NAMES[schedule]()
        raise ValueError(
            f"`sampling_schedule` must be one of {', '.join(NAMES)}, a number between "
            f"0 and 1 or a SamplingSchedule. Received: sampling_schedule={schedule!r}."
        )
    elif is_number(schedule):
        return ConstantSampling(number_between("sampling_schedule", schedule, 0.0, 1.0))
    raise TypeError(
        f"`sampling_schedule` must be one of {', '.join(NAMES)}, a number between 0 "
        f"and 1 or a SamplingSchedule. Received: sampling_schedule={schedule!r}."
    )
