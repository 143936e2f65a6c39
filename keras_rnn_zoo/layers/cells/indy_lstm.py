"""Gates without matrices between the units."""

from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register

EVEN = Argument(
    "initializer",
    {"class_name": "RandomUniform", "config": {"minval": -1.0, "maxval": 1.0}},
)


@register
class IndyLSTMCell(ForgetGateCell):
    """IndyLSTM: an LSTM whose units see of the past only themselves.

        i_t = σ(x_t W_i + u_i ⊙ h_{t-1} + b_i)
        f_t = σ(x_t W_f + u_f ⊙ h_{t-1} + b_f)
        g_t = φ(x_t W_c + u_c ⊙ h_{t-1} + b_c)
        o_t = σ(x_t W_o + u_o ⊙ h_{t-1} + b_o)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        h_t = o_t ⊙ φ(c_t)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: deep stacks, and many units on little data: a step costs vectors
    where an LSTM has matrices, and the units meet in the next layer.

    Reference: Gonnet & Deselaers, 2019, "IndyLSTMs: Independently Recurrent LSTMs",
    https://arxiv.org/abs/1903.08023. Differs from the paper: nothing.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`.
        recurrent_initializer: initializer of u; even over [-1, 1] by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(4 * units,)`, bias `(4 *
        units,)`; blocks i, f, c, o.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = IndyLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o")
    extra_arguments = {
        **ForgetGateCell.extra_arguments,
        "recurrent_initializer": EVEN,
    }

    @property
    def recurrent_shape(self):
        return (4 * self.units,)

    def step(self, x, states, u):
        h, c = states
        u_i, u_f, u_c, u_o = ops.split(u.recurrent_kernel, 4)
        before = u.dropped(h)
        i = self.recurrent_activation(x.i + u_i * before)
        f = self.recurrent_activation(x.f + u_f * before)
        g = self.activation(x.c + u_c * before)
        o = self.recurrent_activation(x.o + u_o * before)
        c = f * c + i * g
        h = o * self.activation(c)
        return h, [h, c]


@register
class IndyLSTM(RecurrentLayer):
    """IndyLSTM over a sequence; equations in `IndyLSTMCell`.

    Args: those of `IndyLSTMCell` and of `RNN`.

    Example:
    >>> IndyLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = IndyLSTMCell


@register
class IndyGRUCell(GatedCell):
    """IndyGRU: a GRU whose units see of the past only themselves.

        r_t = σ(x_t W_r + u_r ⊙ h_{t-1} + b_r)
        z_t = σ(x_t W_z + u_z ⊙ h_{t-1} + b_z)
        n_t = φ(x_t W_h + u_h ⊙ (r_t ⊙ h_{t-1}) + b_h)
        h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: deep stacks of cheap layers; three vectors instead of three
    matrices.

    Reference: Gonnet & Deselaers, 2019, "IndyLSTMs: Independently Recurrent LSTMs",
    https://arxiv.org/abs/1903.08023, and its authors' code, where this twin stands.
    Differs from the paper: nothing.

    Args:
        gate_bias: number. Where b_r and b_z start.
        recurrent_initializer: initializer of u; even over [-1, 1] by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(3 * units,)`, bias `(3 *
        units,)`; blocks r, z, h.

    Raises:
        TypeError: if `units` is not an integer, or `gate_bias` not a number.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = IndyGRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("r", "z", "h")
    gates = ("r", "z")
    kept_by = "z"
    extra_arguments = {
        "gate_bias": Argument("number", 1.0, "bias_initializer"),
        "recurrent_initializer": EVEN,
    }

    @property
    def recurrent_shape(self):
        return (3 * self.units,)

    @property
    def bias_starts(self):
        return {"r": self.gate_bias, "z": self.gate_bias}

    def step(self, x, states, u):
        [h] = states
        u_r, u_z, u_h = ops.split(u.recurrent_kernel, 3)
        before = u.dropped(h)
        r = self.recurrent_activation(x.r + u_r * before)
        z = self.recurrent_activation(x.z + u_z * before)
        n = self.activation(x.h + u_h * (r * before))
        h = z * h + (1 - z) * n
        return h, [h]


@register
class IndyGRU(RecurrentLayer):
    """IndyGRU over a sequence; equations in `IndyGRUCell`.

    Args: those of `IndyGRUCell` and of `RNN`.

    Example:
    >>> IndyGRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = IndyGRUCell
