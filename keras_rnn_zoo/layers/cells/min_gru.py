"""A GRU whose gate reads the input alone."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MinGRUCell(GatedCell):
    """Minimal GRU: gate and candidate depend on the input, the state only decays.

        z_t = σ(x_t W_z + b_z)
        n_t = φ(x_t W_h + b_h)
        h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: very long sequences, several layers deep. No product waits for the
    step before, and h_t is linear in h_{t-1}; one layer cannot tell orders apart that a
    GRU can.

    Reference: Feng et al., 2024, "Were RNNs All We Needed?",
    https://arxiv.org/abs/2410.01201, minGRU as in section 3.1 of version 3. Differs
    from the paper: nothing; its log-space form in the appendix has
    φ(v) = v + 0.5 for v ≥ 0, else σ(v), which `activation` takes as a callable.

    Args:
        activation: φ; `"linear"` by default, as in the paper. Other arguments: see
            `GatedCell`; those of the recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, bias `(2 * units,)`; blocks z, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MinGRUCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> h.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "h")
    gates = ("z",)
    replaced_by = "z"
    linear = "diagonal"
    recurrent_shape = None
    extra_arguments = {"activation": Argument("activation", "linear")}

    def step(self, x, states, u):
        [h] = states
        z = self.recurrent_activation(x.z)
        n = self.activation(x.h)
        h = (1 - z) * h + z * n
        return h, [h]


@register
class MinGRU(RecurrentLayer):
    """Minimal GRU over a sequence; equations in `MinGRUCell`.

    Args: those of `MinGRUCell` and of `RNN`.

    Example:
    >>> MinGRU(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MinGRUCell
