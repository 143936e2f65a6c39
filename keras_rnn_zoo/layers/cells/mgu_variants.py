"""Minimal gated units with less in the gate."""

from keras import ops

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class MGU1Cell(GatedCell):
    """MGU1: a minimal gated unit whose gate reads the state and a bias.

        f_t = σ(h_{t-1} U_f + b_f)
        n_t = φ(x_t W + (f_t ⊙ h_{t-1}) U_h + b_h)
        h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: where an MGU is too large for the device: no kernel for the gate.

    Reference: Heck & Salem, 2017, "Simplified Minimal Gated Unit Variations for
    Recurrent Neural Networks", https://arxiv.org/abs/1701.03452. Differs from the
    paper: nothing.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`. recurrent_kernel `(units, 2 * units)`, bias `(2 *
        units,)`; blocks f, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MGU1Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    recurrent_blocks = bias_blocks = ("f", "h")
    gates = ("f",)
    replaced_by = "f"

    def split_bias(self, bias):
        return None, bias

    def step(self, x, states, u):
        [h] = states
        f = self.recurrent_activation(u.f(h))
        h = (1 - f) * h + f * self.activation(x.h + u.h(f * h))
        return h, [h]


@register
class MGU1(RecurrentLayer):
    """MGU1 over a sequence; equations in `MGU1Cell`.

    Args: those of `MGU1Cell` and of `RNN`.

    Example:
    >>> MGU1(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MGU1Cell


@register
class MGU2Cell(GatedCell):
    """MGU2: a minimal gated unit whose gate reads the state alone.

        f_t = σ(h_{t-1} U_f)
        n_t = φ(x_t W + (f_t ⊙ h_{t-1}) U_h + b_h)
        h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: as MGU1, without the gate's bias as well.

    Reference: Heck & Salem, 2017, "Simplified Minimal Gated Unit Variations for
    Recurrent Neural Networks", https://arxiv.org/abs/1701.03452. Differs from the
    paper: nothing.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`. recurrent_kernel `(units, 2 * units)`; blocks f, h.
        bias `(units,)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MGU2Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    recurrent_blocks = ("f", "h")
    gates = ("f",)
    replaced_by = "f"

    def step(self, x, states, u):
        [h] = states
        f = self.recurrent_activation(u.f(h))
        h = (1 - f) * h + f * self.activation(x.h + u.h(f * h))
        return h, [h]


@register
class MGU2(RecurrentLayer):
    """MGU2 over a sequence; equations in `MGU2Cell`.

    Args: those of `MGU2Cell` and of `RNN`.

    Example:
    >>> MGU2(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MGU2Cell


@register
class MGU3Cell(GatedCell):
    """MGU3: a minimal gated unit whose gate reads nothing.

        f_t = σ(b_f)
        n_t = φ(x_t W + (f_t ⊙ h_{t-1}) U_h + b_h)
        h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ n_t

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: to see how far a gate that only learns a rate of each unit's own
    goes; it is a leak.

    Reference: Heck & Salem, 2017, "Simplified Minimal Gated Unit Variations for
    Recurrent Neural Networks", https://arxiv.org/abs/1701.03452. Differs from the
    paper: nothing.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`. bias `(2 *
        units,)`; blocks f, h. Without a bias f is σ(0).

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MGU3Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("h",)
    bias_blocks = ("f", "h")
    gates = ("f",)
    replaced_by = "f"

    def split_bias(self, bias):
        return bias[self.units :], None

    def step(self, x, states, u):
        [h] = states
        f = u.bias[: self.units] if self.use_bias else ops.zeros_like(h)
        f = self.recurrent_activation(f)
        h = (1 - f) * h + f * self.activation(x.h + u.h(f * h))
        return h, [h]


@register
class MGU3(RecurrentLayer):
    """MGU3 over a sequence; equations in `MGU3Cell`.

    Args: those of `MGU3Cell` and of `RNN`.

    Example:
    >>> MGU3(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MGU3Cell
