"""Light recurrence with a highway around it."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class SRUCell(GatedCell):
    """Simple recurrent unit: a light recurrence, and a highway around it.

        f_t = σ(x_t W_f + v_f ⊙ c_{t-1} + b_f)
        r_t = σ(x_t W_r + v_r ⊙ c_{t-1} + b_r)
        c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ (x_t W_c)
        h_t = r_t ⊙ c_t + (1 - r_t) ⊙ (x_t W_p)

    σ is `recurrent_activation`; recurrent_kernel is v. The output is h_t, which is
    no state. Row vectors, as in the code.
    When to use it: deep stacks over long sequences; a step costs a vector product.

    Reference: Lei et al., 2018, "Simple Recurrent Units for Highly Parallelizable
    Recurrence", https://arxiv.org/abs/1709.02755, version 5. Differs from the
    paper: x_t W_p stands for x_t of any width, as in the authors' code where widths
    differ.

    Args:
        recurrent_initializer: initializer of v; even over ±√1.5 by default, as in the
            authors' code. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[c]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`; blocks c, f, r, p. recurrent_kernel `(2 *
        units,)`, bias `(2 * units,)`; blocks f, r.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = SRUCell(3)
    >>> out, [c] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("c", "f", "r", "p")
    recurrent_blocks = bias_blocks = ("f", "r")
    state_names = ("c",)
    gates = ("f", "r")
    kept_by = "f"
    without_arguments = ("activation",)
    extra_arguments = {
        "recurrent_initializer": Argument(
            "initializer",
            {
                "class_name": "RandomUniform",
                "config": {"minval": -(1.5**0.5), "maxval": 1.5**0.5},
            },
        )
    }

    @property
    def recurrent_shape(self):
        return (2 * self.units,)

    def split_bias(self, bias):
        none = ops.zeros_like(bias[: self.units])
        return ops.concatenate([none, bias, none]), None

    def step(self, x, states, u):
        [c] = states
        v_f, v_r = ops.split(u.recurrent_kernel, 2)
        f = self.recurrent_activation(x.f + v_f * u.dropped(c))
        r = self.recurrent_activation(x.r + v_r * u.dropped(c))
        c = f * c + (1 - f) * x.c
        h = r * c + (1 - r) * x.p
        return h, [c]


@register
class SRU(RecurrentLayer):
    """Simple recurrent unit over a sequence; equations in `SRUCell`.

    Args: those of `SRUCell` and of `RNN`.

    Example:
    >>> SRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = SRUCell
