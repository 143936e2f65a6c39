"""Gated units with constants for gates."""

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MiRU1Cell(GatedCell):
    """MiRU1: a GRU whose update gate is a constant.

        r_t = σ(x_t W_r + h_{t-1} U_r + b_r)
        n_t = φ(x_t W_h + (r_t ⊙ h_{t-1}) U_h + b_h)
        h_t = λ h_{t-1} + (1 - λ) n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: small devices; the rate λ is chosen for the task, not learned.

    Reference: "MiRU", Neurocomputing, 2026,
    https://doi.org/10.1016/j.neucom.2026.132847. Differs from the paper:
    not known; it was read in the libraries torchrecurrent and RecurrentLayers.jl.

    Args:
        update: number in [0, 1). λ, how much of the state stays. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`, recurrent_kernel `(units, 2 * units)`, bias `(2
        * units,)`; blocks r, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive, or `update` not in [0, 1).

    Example:
    >>> cell = MiRU1Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("r", "h")
    gates = ("r",)
    extra_arguments = {"update": Argument("rate", 0.7, "units")}

    def step(self, x, states, u):
        [h] = states
        r = self.recurrent_activation(x.r + u.r(h))
        n = self.activation(x.h + u.h(r * h))
        h = self.update * h + (1 - self.update) * n
        return h, [h]


@register
class MiRU1(RecurrentLayer):
    """MiRU1 over a sequence; equations in `MiRU1Cell`.

    Args: those of `MiRU1Cell` and of `RNN`.

    Example:
    >>> MiRU1(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MiRU1Cell


@register
class MiRU2Cell(GatedCell):
    """MiRU2: a GRU both of whose gates are constants.

        n_t = φ(x_t W + θ h_{t-1} U + b)
        h_t = λ h_{t-1} + (1 - λ) n_t

    φ is `activation`. Row vectors, as in the code. The output is h_t.
    When to use it: where the cost of a simple recurrent network is all there is; it is
    a leaky one.

    Reference: "MiRU", Neurocomputing, 2026,
    https://doi.org/10.1016/j.neucom.2026.132847. Differs from the paper:
    not known; it was read in the libraries torchrecurrent and RecurrentLayers.jl.

    Args:
        update: number in [0, 1). λ, how much of the state stays.
        reset: number. θ, how much of it the candidate sees. Other arguments: see
            `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.

    Raises:
        TypeError: if `units` is not an integer, or `reset` not a number.
        ValueError: if `units` is not positive, or `update` not in [0, 1).

    Example:
    >>> cell = MiRU2Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    without_arguments = ("recurrent_activation",)
    extra_arguments = {
        "update": Argument("rate", 0.7, "units"),
        "reset": Argument("number", 1.0, "update"),
    }

    def step(self, x, states, u):
        [h] = states
        n = self.activation(u(self.reset * h, plus=x).h)
        h = self.update * h + (1 - self.update) * n
        return h, [h]


@register
class MiRU2(RecurrentLayer):
    """MiRU2 over a sequence; equations in `MiRU2Cell`.

    Args: those of `MiRU2Cell` and of `RNN`.

    Example:
    >>> MiRU2(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MiRU2Cell
