"""Units with two stable states."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class BRCCell(GatedCell):
    """Bistable recurrent cell: a unit can stay in one of two states for ever.

        a_t = 1 + φ(x_t W_a + u_a ⊙ h_{t-1} + b_a)
        c_t = σ(x_t W_c + u_c ⊙ h_{t-1} + b_c)
        h_t = c_t ⊙ h_{t-1} + (1 - c_t) ⊙ φ(x_t W_h + a_t ⊙ h_{t-1} + b_h)

    σ is `recurrent_activation`, φ is `activation`. Where a is above 1 a unit has two
    stable states. Row vectors, as in the code. The output is h_t.
    When to use it: to keep a few bits for very long; each unit feeds back on itself
    alone.

    Reference: Vecoven, Ernst & Drion, 2021, "A bio-inspired bistable recurrent cell
    allows for long-lasting memory", PLoS ONE 16(6),
    https://doi.org/10.1371/journal.pone.0252676. Differs from the paper: biases.

    Args:
        recurrent_initializer: initializer of u; even over [0, 1] by default. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`; blocks a, c, h.
        recurrent_kernel `(2 * units,)`; blocks a, c.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = BRCCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("a", "c", "h")
    recurrent_blocks = ("a", "c")
    gates = ("c",)
    kept_by = "c"
    extra_arguments = {
        "recurrent_initializer": Argument("initializer", "keras_rnn_zoo>UnitUniform")
    }

    @property
    def recurrent_shape(self):
        return (2 * self.units,)

    def step(self, x, states, u):
        [h] = states
        u_a, u_c = ops.split(u.recurrent_kernel, 2)
        a = 1 + self.activation(x.a + u_a * u.dropped(h))
        c = self.recurrent_activation(x.c + u_c * u.dropped(h))
        h = c * h + (1 - c) * self.activation(x.h + a * h)
        return h, [h]


@register
class BRC(RecurrentLayer):
    """Bistable recurrent cell over a sequence; equations in `BRCCell`.

    Args: those of `BRCCell` and of `RNN`.

    Example:
    >>> BRC(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = BRCCell


@register
class NBRCCell(GatedCell):
    """Neuromodulated bistable recurrent cell: units set each other's feedback.

        a_t = 1 + φ(x_t W_a + h_{t-1} U_a + b_a)
        c_t = σ(x_t W_c + h_{t-1} U_c + b_c)
        h_t = c_t ⊙ h_{t-1} + (1 - c_t) ⊙ φ(x_t W_h + a_t ⊙ h_{t-1} + b_h)

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: as `BRC`, where one unit has to decide what another keeps.

    Reference: Vecoven, Ernst & Drion, 2021, "A bio-inspired bistable recurrent cell
    allows for long-lasting memory", PLoS ONE 16(6),
    https://doi.org/10.1371/journal.pone.0252676. Differs from the paper: biases.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, bias `(3 * units,)`; blocks a, c, h.
        recurrent_kernel `(units, 2 * units)`; blocks a, c.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = NBRCCell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("a", "c", "h")
    recurrent_blocks = ("a", "c")
    gates = ("c",)
    kept_by = "c"

    def step(self, x, states, u):
        [h] = states
        m = u(h)
        a = 1 + self.activation(x.a + m.a)
        c = self.recurrent_activation(x.c + m.c)
        h = c * h + (1 - c) * self.activation(x.h + a * h)
        return h, [h]


@register
class NBRC(RecurrentLayer):
    """Neuromodulated bistable recurrent cell over a sequence; equations in `NBRCCell`.

    Args: those of `NBRCCell` and of `RNN`.

    Example:
    >>> NBRC(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = NBRCCell
