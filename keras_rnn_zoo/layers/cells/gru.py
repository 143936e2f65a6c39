"""Gated recurrent unit, with the reset gate before or after the matrix product."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class GRUCell(GatedCell):
    """Gated recurrent unit: one state, mixed from its past and a candidate.

        z_t = σ(x_t W_z + h_{t-1} U_z + b_z)
        r_t = σ(x_t W_r + h_{t-1} U_r + b_r)
        n_t = φ(x_t W_h + b_h + r_t ⊙ (h_{t-1} U_h + d_h))      reset_after=True
        n_t = φ(x_t W_h + b_h + (r_t ⊙ h_{t-1}) U_h)            reset_after=False
        h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    z is the update gate, r the reset gate, σ is `recurrent_activation`, φ is
    `activation`. With `reset_after` every block has a second bias d beside U; only d_h
    does more than add to b. Row vectors, as in the code. The output is h_t.
    When to use it: like an LSTM at three quarters of its cost and half its state.

    Reference: Cho et al., 2014, "Learning Phrase Representations using RNN
    Encoder-Decoder for Statistical Machine Translation",
    https://arxiv.org/abs/1406.1078; version 1 multiplies by r after U, version 3
    before. Differs from the paper: adds biases.

    Args:
        reset_after: bool. Whether r multiplies after U (the form that cuDNN has) or
            before. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(units, 3 * units)`,
        bias `(2, 3 * units)`, or `(3 * units,)` if not `reset_after`; blocks z, r, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = GRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "r", "h")
    gates = ("z", "r")
    kept_by = "z"
    extra_arguments = {"reset_after": Argument("flag", True)}

    @property
    def bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def split_bias(self, bias):
        return (bias[0], bias[1]) if self.reset_after else (bias, None)

    @property
    def elsewhere(self) -> dict[str, str]:
        if not self.reset_after:
            return {"native": "gru_reset_before", "onnx": "GRU"}
        return {"native": "gru", "cudnn": "gru", "onnx": "GRU", "torch": "rzh"}

    def step(self, x, states, u):
        [h] = states
        a = u(h) if self.reset_after else u(h, ["z", "r"])
        z = self.recurrent_activation(x.z + a.z)
        r = self.recurrent_activation(x.r + a.r)
        n = self.activation(x.h + (r * a.h if self.reset_after else u.h(r * h)))
        h = z * h + (1 - z) * n
        return h, [h]


@register
class GRU(RecurrentLayer):
    """Gated recurrent unit over a sequence; equations in `GRUCell`.

    Args: those of `GRUCell` and of `RNN`, named and ordered as in `keras.layers.GRU`.

    Example:
    >>> GRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = GRUCell
    late_arguments = ("reset_after",)
