"""A recurrence over time and a passage to the layer above, each with its gate."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class IntersectionRNNCell(GatedCell):
    """Intersection RNN: gates towards the next step, and towards the next layer.

        p_t = σ(x_t W_gh + h_{t-1} U_gh + b_gh)
        n_t = φ(x_t W_h + h_{t-1} U_h + b_h)
        q_t = σ(x_t W_gy + h_{t-1} U_gy + b_gy)
        v_t = ψ(x_t W_y + h_{t-1} U_y + b_y)
        h_t = p_t ⊙ h_{t-1} + (1 - p_t) ⊙ n_t
        y_t = q_t ⊙ x_t + (1 - q_t) ⊙ v_t

    σ is `recurrent_activation`, φ is `activation`, ψ is `output_activation`. Where
    `units` is not the number of features, x_t V stands for the last x_t. Row vectors,
    as in the code. The output is y_t, which is no state.
    When to use it: deep stacks of layers of one width, which the input crosses as
    through a highway network; in one layer it has little to offer over a GRU.

    Reference: Collins, Sohl-Dickstein & Sussillo, 2016, "Capacity and Trainability in
    Recurrent Neural Networks", https://arxiv.org/abs/1611.09913, where it is the +RNN.
    Differs from the paper: V; in TensorFlow's contrib such a projection stood before
    all four terms.

    Args:
        output_activation: ψ; `"relu"` by default, as in the paper.
        gate_bias: number. Where b_gh and b_gy start: open, towards the past and the
            input.
        input_initializer: initializer of V. Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(y, [h])`, both of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 4 * units)`, recurrent_kernel `(units, 4 * units)`,
        bias `(4 * units,)`; blocks gh, h, gy, y. input_kernel `(features, units)`, only
        if `units` is not the number of features.

    Raises:
        TypeError: if `units` is not an integer, or `gate_bias` not a number.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = IntersectionRNNCell(3)
    >>> y, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> y.shape, h.shape
    (TensorShape([2, 3]), TensorShape([2, 3]))
    """

    blocks = ("gh", "h", "gy", "y")
    gates = ("gh", "gy")
    kept_by = "gh"
    extra_arguments = {
        "output_activation": Argument("activation", "relu", "recurrent_activation"),
        "gate_bias": Argument("number", 1.0, "bias_initializer"),
        "input_initializer": Argument("initializer", "glorot_uniform"),
    }

    @property
    def bias_starts(self):
        return {"gh": self.gate_bias, "gy": self.gate_bias}

    def further_weights(self, features):
        shape = (features, self.units)
        same = features == self.units
        return [] if same else [Weight("input_kernel", shape, self.input_initializer)]

    def terms(self, inputs, w):
        passed = w.dropped(inputs)
        if passed.shape[-1] != self.units:
            passed = w.product(passed, w.input_kernel)
        return w(inputs).also(passed=passed)

    def step(self, x, states, u):
        [h] = states
        a = u(h, plus=x)
        g_h = self.recurrent_activation(a.gh)
        g_y = self.recurrent_activation(a.gy)
        h = g_h * h + (1 - g_h) * self.activation(a.h)
        y = g_y * x.passed + (1 - g_y) * self.output_activation(a.y)
        return y, [h]


@register
class IntersectionRNN(RecurrentLayer):
    """Intersection RNN over a sequence; equations in `IntersectionRNNCell`.

    Args: those of `IntersectionRNNCell` and of `RNN`.

    Example:
    >>> IntersectionRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = IntersectionRNNCell
