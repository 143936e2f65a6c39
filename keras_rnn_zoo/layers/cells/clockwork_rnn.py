"""A simple recurrent network in groups that tick at different rates."""

from typing import Any

import numpy as np
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register


@register
class ClockworkRNNCell(GatedCell):
    """Clockwork RNN: groups of units that move every step, every 2nd, every 4th.

        h_t = φ(x_t W + h_{t-1} U + b)      where t mod T_g = 0, T_g = 1, 2, 4, …
              h_{t-1}                       where not

    φ is `activation`, t counts from 0, so that all groups move at the first step. A
    unit reads units of its own group and of slower ones: the rest of U is not read. The
    units of a group stand together, the fastest first. The state t is the number of
    steps read before, modulo the longest period; a masked step is not read. Row
    vectors, as in the code. The output is h_t.
    When to use it: signals with slow and fast parts; the slow groups keep for long what
    they have seen. Half of U's products are with zeros.

    Reference: Koutník et al., 2014, "A Clockwork RNN",
    https://arxiv.org/abs/1402.3511. Differs from the paper: all units are computed at
    all steps, and those of resting groups put aside; no output layer.

    Args:
        units: int. At least `groups`; where it is no multiple, groups differ by one.
        groups: int. The number of groups, whose periods are 1, 2, 4, …,
            2 ** (groups - 1). Other arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, t]`, `(batch, units)` and `(batch, 1)`.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h, t])`, of the shapes of the states, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, bias `(units,)`.

    Raises:
        TypeError: if `units` or `groups` is not an integer.
        ValueError: if `units` is less than `groups`, or one of them not positive.

    Example:
    >>> cell = ClockworkRNNCell(5, groups=3)
    >>> cell.periods.astype(int).tolist()
    [1, 1, 2, 2, 4]
    >>> out, [h, t] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> h.shape, t.numpy().tolist()
    (TensorShape([2, 5]), [[1.0], [1.0]])
    """

    blocks = ("h",)
    state_names = ("h", "t")
    bookkeeping = ("t",)
    without_arguments = ("recurrent_activation",)
    extra_arguments = {"groups": Argument("positive integer", 3, "units")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.units < self.groups:
            raise ValueError(
                "`groups` must be no more than `units`. "
                f"Received: groups={self.groups}, units={self.units}."
            )

    @property
    def periods(self) -> Any:
        """The period of each unit, `(units,)`."""
        return 2.0 ** (np.arange(self.units) * self.groups // self.units)

    @property
    def state_shapes(self):
        return [(self.units,), (1,)]

    def derived(self, w):
        read = self.periods[:, None] >= self.periods  # from unit to unit
        dtype = self.compute_dtype
        return {
            "recurrent_kernel": w.recurrent_kernel * ops.cast(read, dtype),
            "period": ops.cast(self.periods, dtype),
        }

    def step(self, x, states, u):
        h, t = states
        t = ops.floor(t)
        moved = self.activation(u(h, plus=x).h)
        h = ops.where(ops.equal(ops.mod(t, u.period), 0), moved, h)
        return h, [h, ops.mod(t + 1, 2.0 ** (self.groups - 1))]


@register
class ClockworkRNN(RecurrentLayer):
    """Clockwork RNN over a sequence; equations in `ClockworkRNNCell`.

    Args: those of `ClockworkRNNCell` and of `RNN`.

    Example:
    >>> ClockworkRNN(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = ClockworkRNNCell
