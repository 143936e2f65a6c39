"""A gate with a lower bound, over memories that turn."""

import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class HGRNCell(GatedCell):
    """HGRN: complex memories that turn at their own pace, kept by a bounded gate.

        λ_t = γ + (1 - γ) σ(x_t W_l + b_l)
        n_t = φ(x_t W_re + b_re) + i φ(x_t W_im + b_im)
        h_t = λ_t ⊙ exp(i θ) ⊙ h_{t-1} + (1 - λ_t) ⊙ n_t        complex

    σ is `recurrent_activation`, φ is `activation`. h is held as real and imaginary
    part. The output is Re h_t and Im h_t side by side, 2 · units wide. Row vectors, as
    in the code.
    When to use it: stacks over long sequences, with a γ that grows from layer to layer:
    the upper ones cannot forget fast. h_t is linear in h_{t-1}.

    Reference: Qin, Yang & Zhong, 2023, "Hierarchically Gated Recurrent Neural Network
    for Sequence Modeling", https://arxiv.org/abs/2311.04823. Differs from the paper: γ
    is an argument, where the paper learns one for all layers together; output gate,
    normalisation and product behind the unit are not part of it.

    Args:
        activation: φ; `"silu"` by default, as in the paper.
        lower_bound: number in [0, 1). γ, below which nothing is forgotten. Other
            arguments: see `GatedCell`; those of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[re, im]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `([re, im] side by side, [re, im])`, the first `(batch, 2 * units)`, in the
        cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`; blocks l, re, im. phase
        `(units,)`.

    Raises:
        TypeError: if `units` is not an integer, or `lower_bound` not a number.
        ValueError: if `units` is not positive, or `lower_bound` not in [0, 1).

    Example:
    >>> cell = HGRNCell(3, lower_bound=0.5)
    >>> out, states = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 6])
    """

    blocks = ("l", "re", "im")
    state_names = ("re", "im")
    gates = ("l",)
    linear = "diagonal"
    recurrent_shape = None
    extra_arguments = {
        "activation": Argument("activation", "silu"),
        "lower_bound": Argument("rate", 0.0),
    }

    @property
    def output_size(self):
        return 2 * self.units

    def further_weights(self, features):
        return [Weight("phase", (self.units,), self._first_phase)]

    def _first_phase(self, shape, dtype=None):
        angles = 10000.0 ** (-2 * np.arange(self.units) / self.units)
        return ops.convert_to_tensor(angles, dtype=dtype)

    def derived(self, w):
        return {"cos": ops.cos(w.phase), "sin": ops.sin(w.phase)}

    def step(self, x, states, u):
        h_re, h_im = states
        gate = self.recurrent_activation(x.l)
        kept = self.lower_bound + (1 - self.lower_bound) * gate
        turned_re = u.cos * h_re - u.sin * h_im
        turned_im = u.cos * h_im + u.sin * h_re
        re = kept * turned_re + (1 - kept) * self.activation(x.re)
        im = kept * turned_im + (1 - kept) * self.activation(x.im)
        return [re, im], [re, im]


@register
class HGRN(RecurrentLayer):
    """HGRN over a sequence; equations in `HGRNCell`.

    Args: those of `HGRNCell` and of `RNN`.

    Example:
    >>> HGRN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 16])
    """

    cell_class = HGRNCell
