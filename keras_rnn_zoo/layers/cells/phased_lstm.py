"""An LSTM that opens at times of its own, for events that come when they come."""

from keras import ops

from keras_rnn_zoo.layers.cells.lstm import ForgetGateCell
from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def _uniform(low, high):
    config = {"minval": low, "maxval": high}
    return {"class_name": "RandomUniform", "config": config}


@register
class PhasedLSTMCell(ForgetGateCell):
    """Phased LSTM: every unit has a rhythm, and moves in its open phase only.

        [x_t, time_t] = the input: its last feature is the time
        φ_t = ((time_t - s) mod |τ|) / |τ|
        k_t = 2 φ_t / r              for φ_t < r / 2
              2 - 2 φ_t / r          for r / 2 <= φ_t < r
              α φ_t                  else: the leak, in training alone
        i_t = σ(x_t W_i + h_{t-1} U_i + p_i ⊙ c_{t-1} + b_i)
        f_t = σ(x_t W_f + h_{t-1} U_f + p_f ⊙ c_{t-1} + b_f)
        g_t = ψ(x_t W_c + h_{t-1} U_c + b_c)
        d_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
        o_t = σ(x_t W_o + h_{t-1} U_o + p_o ⊙ d_t + b_o)
        c_t = k_t ⊙ d_t + (1 - k_t) ⊙ c_{t-1}
        h_t = k_t ⊙ o_t ⊙ ψ(d_t) + (1 - k_t) ⊙ h_{t-1}

    σ is `recurrent_activation`, ψ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: events at uneven times, or long and finely sampled sequences. Choose
    the periods τ for the unit of time; half precision cannot hold long times.

    Reference: Neil, Pfeiffer & Liu, 2016, "Phased LSTM: Accelerating Recurrent Network
    Training for Long or Event-based Sequences", https://arxiv.org/abs/1610.09513.
    Differs from the paper: nothing; as in the authors' code, no leak outside of
    training, and r is not trained. There time_t + s stands for time_t - s.

    Args:
        open_ratio: number in (0, 1]. r, the share of a period in which a unit is open.
        leak: number. α.
        period_initializer: initializer of τ; even over [10, 100] by default.
        shift_initializer: initializer of s; even over [0, 1000] by default.
        peephole_initializer: initializer of p. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`, the last of which is the time.
        states: `[h, c]`, each `(batch, units)`.
        training: bool. Matters for the leak, dropout and zoneout.

    Returns:
        `(h, [h, c])`, each of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features - 1, 4 * units)`, recurrent_kernel `(units, 4 * units)`,
        bias `(4 * units,)`; blocks i, f, c, o. peephole_kernel `(3 * units,)`; blocks
        i, f, o. period `(units,)`, shift `(units,)`.

    Raises:
        TypeError: if `units` is not an integer, or `open_ratio` or `leak` no number.
        ValueError: if `units` is not positive, `open_ratio` not in (0, 1], or the input
            has no feature beside the time.

    Example:
    >>> cell = PhasedLSTMCell(3)
    >>> out, [h, c] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> c.shape
    TensorShape([2, 3])
    """

    blocks = ("i", "f", "c", "o")
    kept_by = None  # where a unit is closed, it keeps what f would forget
    extra_arguments = {
        **ForgetGateCell.extra_arguments,
        "open_ratio": Argument("share", 0.05),
        "leak": Argument("number", 1e-3),
        "period_initializer": Argument("initializer", _uniform(10.0, 100.0)),
        "shift_initializer": Argument("initializer", _uniform(0.0, 1000.0)),
        "peephole_initializer": Argument("initializer", "random_uniform"),
    }

    def kernel_rows(self, features):
        if features < 2:
            raise ValueError(
                "`inputs` must have features and, as the last of them, the time. "
                f"Received: inputs of {features} feature(s)."
            )
        return features - 1

    def further_weights(self, features):
        return [
            Weight("peephole_kernel", (3 * self.units,), self.peephole_initializer),
            Weight("period", (self.units,), self.period_initializer),
            Weight("shift", (self.units,), self.shift_initializer),
        ]

    def terms(self, inputs, w):
        features, time = inputs[..., :-1], inputs[..., -1:]
        period = ops.abs(w.period)
        phase = ops.mod(time - w.shift, period) / period
        rising = phase * (2 / self.open_ratio)
        leak = phase * (self.leak if w.training else 0.0)
        k = ops.where(rising < 2, ops.minimum(rising, 2 - rising), leak)
        return w(features).also(k=k)

    def step(self, x, states, u):
        h, c = states
        a = u(h, plus=x)
        p_i, p_f, p_o = ops.split(u.peephole_kernel, 3)
        i = self.recurrent_activation(a.i + p_i * c)
        f = self.recurrent_activation(a.f + p_f * c)
        d = f * c + i * self.activation(a.c)
        o = self.recurrent_activation(a.o + p_o * d)
        c = x.k * d + (1 - x.k) * c
        h = x.k * o * self.activation(d) + (1 - x.k) * h
        return h, [h, c]


@register
class PhasedLSTM(RecurrentLayer):
    """Phased LSTM over a sequence with times; equations in `PhasedLSTMCell`.

    Args: those of `PhasedLSTMCell` and of `RNN`.

    Example:
    >>> PhasedLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = PhasedLSTMCell
