"""Layer normalisation in an LSTM, a GRU and a simple recurrent network."""

import keras
from keras import ops

from keras_rnn_zoo.layers.arguments import Argument
from keras_rnn_zoo.layers.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.lstm import ForgetGateCell
from keras_rnn_zoo.layers.registry import register

NORMALISATION = {
    "gamma_initializer": Argument("initializer", "ones", after="bias_initializer"),
    "epsilon": Argument("positive number", 1e-3),
}


def normalise(a, epsilon):
    """N(a) = (a - mean(a)) / sqrt(variance(a) + ε), over the last axis.

    Args:
        a: `(…, size)`. Half precision is summed in float32.
        epsilon: number. ε.

    Returns:
        A tensor of the shape and dtype of `a`.

    Example:
    >>> print(normalise(np.array([[1.0, 3.0]]), 0.0))
    tf.Tensor([[-1.  1.]], shape=(1, 2), dtype=float64)
    """
    wide = ops.cast(a, keras.backend.result_type(a.dtype, "float32"))
    wide = wide - ops.mean(wide, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(wide), axis=-1, keepdims=True)
    return ops.cast(wide * ops.rsqrt(variance + epsilon), a.dtype)


@register
class LayerNormLSTMCell(ForgetGateCell):
    """LSTM with layer normalisation of what comes in, what comes back, and the memory.

        [i_t, f_t, g_t, o_t] = γ_x ⊙ N(x_t W) + γ_h ⊙ N(h_{t-1} U) + b
        c_t = σ(f_t) ⊙ c_{t-1} + σ(i_t) ⊙ φ(g_t)
        h_t = σ(o_t) ⊙ φ(γ_c ⊙ N(c_t) + β_c)
        N(a) = (a - mean(a)) / sqrt(variance(a) + ε)

    σ is `recurrent_activation`, φ is `activation`. N takes mean and variance over all
    elements of a row: of x_t W and h_{t-1} U over the four gates together. The state c
    is carried as it is; only what the output sees of it is normalised. Row vectors, as
    in the code. The output is h_t.
    When to use it: where the scale of inputs or states drifts over long sequences or
    between sources; three normalisations a step, half as much again as an LSTM of
    small width.

    Reference: Ba, Kiros & Hinton, 2016, "Layer Normalization",
    https://arxiv.org/abs/1607.06450, the layer-normalised LSTM of the supplement.
    Differs from the paper: ε; the offsets β of N(x_t W) and N(h_{t-1} U), which only
    add to b, are one with it.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`.
        gamma_initializer: initializer of the gains γ.
        epsilon: positive number. ε under the root. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, c])`, each of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`,
        bias `(4 * units,)`, kernel_gamma `(4 * units,)`, recurrent_gamma
        `(4 * units,)`; blocks i, f, c, o. state_gamma `(units,)`, state_beta
        `(units,)`.

    Raises:
        TypeError: if `units` is not an integer, or `epsilon` not a number.
        ValueError: if `units` or `epsilon` is not positive.

    Example:
    >>> cell = LayerNormLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> c.shape
    TensorShape([2, 3])
    """

    gates = ("i", "f", "c", "o")
    extra_arguments = {**ForgetGateCell.extra_arguments, **NORMALISATION}

    def build(self, input_shape):
        super().build(input_shape)
        for name, size in (
            ("kernel_gamma", 4 * self.units),
            ("recurrent_gamma", 4 * self.units),
            ("state_gamma", self.units),
        ):
            weight = self.add_weight(
                shape=(size,), name=name, initializer=self.gamma_initializer
            )
            setattr(self, name, weight)
        self.state_beta = self.add_weight(
            shape=(self.units,), name="state_beta", initializer="zeros"
        )

    input_bias = None
    input_weights = frozenset({"kernel", "kernel_gamma", "bias"})

    def input_terms(self, inputs, training=False):
        x = super().input_terms(inputs, training)
        x = self.kernel_gamma * normalise(x, self.epsilon)
        return x if self.bias is None else x + self.bias

    def call(self, inputs, states, training=False):
        h, c = states
        x_i, x_f, x_c, x_o = self.project(inputs, training)
        u = self.recurrent_terms(h, training=training)
        u = self.recurrent_gamma * normalise(u, self.epsilon)
        u_i, u_f, u_c, u_o = ops.split(u, 4, axis=-1)
        i = self.recurrent_activation(x_i + u_i)
        f = self.recurrent_activation(x_f + u_f)
        g = self.activation(x_c + u_c)
        o = self.recurrent_activation(x_o + u_o)
        c = f * c + i * g
        h = o * self.activation(
            self.state_gamma * normalise(c, self.epsilon) + self.state_beta
        )
        return h, [h, c]


@register
class LayerNormLSTM(RecurrentLayer):
    """LSTM with layer normalisation over a sequence; see `LayerNormLSTMCell`.

    Args: those of `LayerNormLSTMCell` and of `RNN`.

    Example:
    >>> LayerNormLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LayerNormLSTMCell


@register
class LayerNormGRUCell(GatedCell):
    """GRU with layer normalisation of what comes in and what comes back.

        [z_t, r_t] = γ_x ⊙ N(x_t W_zr) + b + γ_h ⊙ N(h_{t-1} U_zr) + d
        n_t = φ(γ_x ⊙ N(x_t W_h) + b_h + σ(r_t) ⊙ (γ_h ⊙ N(h_{t-1} U_h) + d_h))
        h_t = σ(z_t) ⊙ h_{t-1} + (1 - σ(z_t)) ⊙ n_t
        N(a) = (a - mean(a)) / sqrt(variance(a) + ε)

    σ is `recurrent_activation`, φ is `activation`. N takes mean and variance over all
    elements of a row: over the gates z and r together, and over the candidate apart.
    γ, b and d have a block for each of z, r and h. Row vectors, as in the code. The
    output is h_t.
    When to use it: like `LayerNormLSTM`, with one state; four normalisations a step.

    Reference: Ba, Kiros & Hinton, 2016, "Layer Normalization",
    https://arxiv.org/abs/1607.06450, the layer-normalised GRU of the supplement.
    Differs from the paper: ε; z keeps the state and 1 - z writes, as in the authors'
    code and in `GRU`, where the paper's text has them the other way round.

    Args:
        gamma_initializer: initializer of the gains γ.
        epsilon: positive number. ε under the root. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(units, 3 * units)`,
        bias `(2, 3 * units)`, which is b and d, kernel_gamma `(3 * units,)`,
        recurrent_gamma `(3 * units,)`; blocks z, r, h.

    Raises:
        TypeError: if `units` is not an integer, or `epsilon` not a number.
        ValueError: if `units` or `epsilon` is not positive.

    Example:
    >>> cell = LayerNormGRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    gates = ("z", "r", "h")
    extra_arguments = NORMALISATION
    input_bias = None
    input_weights = frozenset({"kernel", "kernel_gamma"})

    @property
    def bias_shape(self):
        return (2, 3 * self.units)

    def build(self, input_shape):
        super().build(input_shape)
        for name in ("kernel_gamma", "recurrent_gamma"):
            weight = self.add_weight(
                shape=(3 * self.units,), name=name, initializer=self.gamma_initializer
            )
            setattr(self, name, weight)

    def input_terms(self, inputs, training=False):
        x = self._normalised(super().input_terms(inputs, training))
        x = self.kernel_gamma * x
        return x if self.bias is None else x + self.bias[0]

    def _normalised(self, a):
        gates, candidate = ops.split(a, [2 * self.units], axis=-1)
        parts = [normalise(gates, self.epsilon), normalise(candidate, self.epsilon)]
        return ops.concatenate(parts, axis=-1)

    def call(self, inputs, states, training=False):
        [h] = states
        x_z, x_r, x_h = self.project(inputs, training)
        u = self._normalised(self.recurrent_terms(h, training=training))
        u = self.recurrent_gamma * u
        u = u if self.bias is None else u + self.bias[1]
        u_z, u_r, u_h = ops.split(u, 3, axis=-1)
        z = self.recurrent_activation(x_z + u_z)
        r = self.recurrent_activation(x_r + u_r)
        n = self.activation(x_h + r * u_h)
        h = z * h + (1 - z) * n
        return h, [h]


@register
class LayerNormGRU(RecurrentLayer):
    """GRU with layer normalisation over a sequence; see `LayerNormGRUCell`.

    Args: those of `LayerNormGRUCell` and of `RNN`.

    Example:
    >>> LayerNormGRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LayerNormGRUCell


@register
class LayerNormSimpleRNNCell(GatedCell):
    """Simple recurrent network with layer normalisation of its summed inputs.

        h_t = φ(γ ⊙ N(x_t W + h_{t-1} U) + b)
        N(a) = (a - mean(a)) / sqrt(variance(a) + ε)

    φ is `activation`. N takes mean and variance over the units of a row. Row vectors,
    as in the code. The output is h_t.
    When to use it: where a simple recurrent network explodes or dies out: the sum is
    brought back to the same scale at every step, and rescaling W and U together
    changes nothing.

    Reference: Ba, Kiros & Hinton, 2016, "Layer Normalization",
    https://arxiv.org/abs/1607.06450, eq. (4), section 3.1. Differs from the paper: ε.

    Args:
        gamma_initializer: initializer of the gains γ.
        epsilon: positive number. ε under the root. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`,
        gamma `(units,)`.

    Raises:
        TypeError: if `units` is not an integer, or `epsilon` not a number.
        ValueError: if `units` or `epsilon` is not positive.

    Example:
    >>> cell = LayerNormSimpleRNNCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    gates = ("h",)
    without_arguments = ("recurrent_activation",)
    extra_arguments = NORMALISATION
    input_bias = None
    input_weights = frozenset({"kernel"})

    def build(self, input_shape):
        super().build(input_shape)
        self.gamma = self.add_weight(
            shape=(self.units,), name="gamma", initializer=self.gamma_initializer
        )

    def call(self, inputs, states, training=False):
        [h] = states
        [x_h] = self.project(inputs, training)
        [u_h] = self.recur(h, training=training)
        a = self.gamma * normalise(x_h + u_h, self.epsilon)
        h = self.activation(a if self.bias is None else a + self.bias)
        return h, [h]


@register
class LayerNormSimpleRNN(RecurrentLayer):
    """Simple recurrent network with layer normalisation over a sequence.

    Equations in `LayerNormSimpleRNNCell`.

    Args: those of `LayerNormSimpleRNNCell` and of `RNN`.

    Example:
    >>> LayerNormSimpleRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LayerNormSimpleRNNCell
