"""An LSTM whose gates read the input alone."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MinLSTMCell(GatedCell):
    """Minimal LSTM: two gates that share one whole, and read the input alone.

        f_t = σ(x_t W_f + b_f)
        i_t = σ(x_t W_i + b_i)
        n_t = φ(x_t W_h + b_h)
        h_t = f_t / (f_t + i_t) ⊙ h_{t-1} + i_t / (f_t + i_t) ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. The output is h_t. h_t is linear
    in h_{t-1}, unit by unit. Row vectors, as in the code.
    When to use it: very long sequences, several layers deep, where MinGRU's one
    gate is too few.

    Reference: Feng et al., 2024, "Were RNNs All We Needed?",
    https://arxiv.org/abs/2410.01201, minLSTM with length independence. Differs from
    the paper: nothing; its log-space form has φ(v) = v + 0.5 for v ≥ 0, else σ(v),
    which `activation` takes as a callable.

    Args:
        activation: φ; `"linear"` by default, as in the paper.
            Other arguments: see `GatedCell`; those
            of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`; blocks f, i, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MinLSTMCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("f", "i", "h")
    gates = ("f", "i")
    linear = "diagonal"
    recurrent_shape = None
    extra_arguments = {"activation": Argument("activation", "linear")}

    def step(self, x, states, u):
        [h] = states
        f = self.recurrent_activation(x.f)
        i = self.recurrent_activation(x.i)
        n = self.activation(x.h)
        h = f / (f + i) * h + i / (f + i) * n
        return h, [h]


@register
class MinLSTM(RecurrentLayer):
    """Minimal LSTM over a sequence; equations in `MinLSTMCell`.

    Args: those of `MinLSTMCell` and of `RNN`.

    Example:
    >>> MinLSTM(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MinLSTMCell
