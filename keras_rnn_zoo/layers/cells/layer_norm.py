"""Layer normalisation in an LSTM, a GRU and a simple recurrent network."""

import keras
from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight

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
    is carried as it is; only what the output sees of it is normalised. With
    `carry_normalised`, γ_c ⊙ N(c_t) + β_c is what is carried, as in TensorFlow Addons.
    Row vectors, as in the code. The output is h_t.
    When to use it: where the scale of inputs or states drifts over long sequences or
    between sources; three normalisations a step, half as much again as an LSTM of
    small width.

    Reference: Ba, Kiros & Hinton, 2016, "Layer Normalization",
    https://arxiv.org/abs/1607.06450, the layer-normalised LSTM of the supplement.
    Differs from the paper: ε; the offsets β of N(x_t W) and N(h_{t-1} U), which only
    add to b, are one with it.

    Args:
        unit_forget_bias: bool. Start b_f at one instead of `bias_initializer`.
        gamma_initializer: initializer of the gains γ; also `norm_gamma_initializer`.
        epsilon: positive number. ε under the root; also `norm_epsilon`.
        carry_normalised: bool. Whether the state c is the normalised memory. Other
            arguments: see `GatedCell`.

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

    blocks = ("i", "f", "c", "o")
    extra_arguments = {
        **ForgetGateCell.extra_arguments,
        **NORMALISATION,
        "carry_normalised": Argument("flag", False),
    }
    also_named = {
        "norm_epsilon": "epsilon",
        "norm_gamma_initializer": "gamma_initializer",
    }

    def further_weights(self, features):
        gamma = self.gamma_initializer
        return [
            Weight("kernel_gamma", (4 * self.units,), gamma),
            Weight("recurrent_gamma", (4 * self.units,), gamma),
            Weight("state_gamma", (self.units,), gamma),
            Weight("state_beta", (self.units,), "zeros"),
        ]

    def split_bias(self, bias):
        return None, None  # b is added behind the normalisation

    def terms(self, inputs, w):
        x = w.kernel_gamma * normalise(w(inputs).tensor, self.epsilon)
        return w.blocks(x + w.bias if self.use_bias else x)

    def step(self, x, states, u):
        h, c = states
        a = u.blocks(u.recurrent_gamma * normalise(u(h).tensor, self.epsilon))
        i = self.recurrent_activation(x.i + a.i)
        f = self.recurrent_activation(x.f + a.f)
        g = self.activation(x.c + a.c)
        o = self.recurrent_activation(x.o + a.o)
        c = f * c + i * g
        seen = u.state_gamma * normalise(c, self.epsilon) + u.state_beta
        h = o * self.activation(seen)
        return h, [h, seen if self.carry_normalised else c]


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

    blocks = ("z", "r", "h")
    gates = ("z", "r")
    kept_by = "z"
    extra_arguments = NORMALISATION

    @property
    def bias_shape(self):
        return (2, 3 * self.units)

    def further_weights(self, features):
        names = ("kernel_gamma", "recurrent_gamma")
        shape = (3 * self.units,)
        return [Weight(name, shape, self.gamma_initializer) for name in names]

    def split_bias(self, bias):
        return None, None  # b and d are added behind the normalisation

    def terms(self, inputs, w):
        x = w.kernel_gamma * self._normalised(w(inputs).tensor)
        return w.blocks(x + w.bias[0] if self.use_bias else x)

    def _normalised(self, a):
        gates, candidate = ops.split(a, [2 * self.units], axis=-1)
        parts = [normalise(gates, self.epsilon), normalise(candidate, self.epsilon)]
        return ops.concatenate(parts, axis=-1)

    def step(self, x, states, u):
        [h] = states
        a = u.recurrent_gamma * self._normalised(u(h).tensor)
        a = u.blocks(a + u.bias[1] if self.use_bias else a)
        z = self.recurrent_activation(x.z + a.z)
        r = self.recurrent_activation(x.r + a.r)
        n = self.activation(x.h + r * a.h)
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
        gamma_regularizer: regularizer of γ.
        gamma_constraint: constraint on γ.
        epsilon: positive number. ε under the root; also `layernorm_epsilon`. Other
            arguments: see `GatedCell`.

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

    blocks = ("h",)
    without_arguments = ("recurrent_activation",)
    extra_arguments = {
        **NORMALISATION,
        "gamma_regularizer": Argument("regularizer", None, after="bias_regularizer"),
        "gamma_constraint": Argument("constraint", None, after="bias_constraint"),
    }
    also_named = {"layernorm_epsilon": "epsilon"}

    def further_weights(self, features):
        more = self.gamma_regularizer, self.gamma_constraint
        return [Weight("gamma", (self.units,), self.gamma_initializer, *more)]

    def split_bias(self, bias):
        return None, None  # b is added behind the normalisation

    def step(self, x, states, u):
        [h] = states
        a = u.gamma * normalise(u(h, plus=x).tensor, self.epsilon)
        h = self.activation(a + u.bias if self.use_bias else a)
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
