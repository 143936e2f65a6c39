"""Neurons whose time constants depend on what they read."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.initializers import SoftplusUniform
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


def _even(low, high):
    return keras.initializers.RandomUniform(low, high)


def _signs(shape, dtype=None):
    """+1 for two of three synapses, -1 for the third."""
    drawn = keras.random.uniform(shape, dtype="float32")
    return ops.cast(ops.where(drawn < 1 / 3, -1.0, 1.0), dtype)


def _nothing_changed(shape, dtype=None):
    """A scale of 1 and a shift of 0."""
    return ops.stack([ops.ones(shape[1:], dtype), ops.zeros(shape[1:], dtype)])


@register
class LTCCell(GatedCell):
    """Liquid time-constant network: synapses that are conductances, and an ODE.

        y = x_t ⊙ a + b
        C dv_j/dt = g_j (l_j - v_j)
            + Σ_k W_kj σ(s_kj (y_k - m_kj)) (e_kj - v_j)
            + Σ_k U_kj σ(S_kj (v_k - M_kj)) (E_kj - v_j)
        h_t = v_t ⊙ o + q

    σ is `recurrent_activation`; C, g, W and U are positive, the softplus of what is
    stored. A step takes `unfolds` steps of a fused solver over the time 1, each of
    which is the implicit step of Euler for v_j where σ(…) is that of the v before:

        v ← (C n v + g l + Σ W σ e + Σ U σ E) / (C n + g + Σ W σ + Σ U σ)

    n is `unfolds`. A synapse pulls v_j towards its reversal potential e_kj or E_kj, so
    that v stays between them, and the more it is open, the faster. Row vectors, as in
    the code. The output is h_t; the state is v.
    When to use it: few units (tens) on signals of a physical process, where each is to
    be looked at; units² logistic functions, `unfolds` times a step.

    Reference: Hasani, Lechner, Amini, Rus & Grosu, 2021, "Liquid Time-constant
    Networks", https://arxiv.org/abs/2006.04439, eq. (1) to (3) and algorithm 1, with
    the conductances of the authors' package ncps. Differs from the paper: the softplus,
    instead of clipping; all units are wired to all; each step takes the time 1.

    Args:
        unfolds: int. Steps of the solver in each step. Other arguments: see
            `GatedCell`; those of biases do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[v]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [v])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, units)`, recurrent_kernel `(units, units)`, which are W and U
        before the softplus, kernel_slope `(features, units)`, kernel_middle `(features,
        units)`, kernel_reversal `(features, units)`, recurrent_slope `(units, units)`,
        recurrent_middle `(units, units)`, recurrent_reversal `(units, units)`, capacity
        `(units,)`, leak `(units,)`, resting `(units,)`, input_map `(2, features)`,
        which is a and b, output_map `(2, units)`, o and q; C and g before the softplus,
        too.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` or `unfolds` is not positive.

    Example:
    >>> cell = LTCCell(3)
    >>> out, [v] = cell(np.ones((2, 4)), cell.get_initial_state(2))
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("s",)
    state_names = ("v",)
    use_bias = False
    extra_arguments = {
        "unfolds": Argument("positive integer", 6),
        "kernel_initializer": Argument("initializer", SoftplusUniform(0.001, 1.0)),
        "recurrent_initializer": Argument("initializer", SoftplusUniform(0.001, 1.0)),
    }
    without_arguments = (
        *("activation", "use_bias", "bias_initializer", "bias_regularizer"),
        *("bias_constraint", "recurrent_dropout"),
    )

    def further_weights(self, features):
        def synapses(name, rows):
            shape = (rows, self.units)
            return [
                Weight(f"{name}_slope", shape, _even(3.0, 8.0)),
                Weight(f"{name}_middle", shape, _even(0.3, 0.8)),
                Weight(f"{name}_reversal", shape, _signs),
            ]

        one = (self.units,)
        return [
            *synapses("kernel", features),
            *synapses("recurrent", self.units),
            Weight("capacity", one, SoftplusUniform(0.4, 0.6)),
            Weight("leak", one, SoftplusUniform(0.001, 1.0)),
            Weight("resting", one, _even(-0.2, 0.2)),
            Weight("input_map", (2, features), _nothing_changed),
            Weight("output_map", (2, self.units), _nothing_changed),
        ]

    def derived(self, w):
        positive = ("kernel", "recurrent_kernel", "capacity", "leak")
        return {name: ops.softplus(getattr(w, name)) for name in positive}

    def currents(self, a: Any, w: Any, name: str) -> Any:
        """`Σ W σ e` and `Σ W σ` of the synapses that read `a`."""
        weight = w.kernel if name == "kernel" else w.recurrent_kernel
        slope, middle, reversal = (
            getattr(w, f"{name}_{of}") for of in ("slope", "middle", "reversal")
        )
        open_ = weight * self.recurrent_activation(
            slope * (ops.expand_dims(a, -1) - middle)
        )
        return ops.sum(open_ * reversal, -2), ops.sum(open_, -2)

    def terms(self, inputs, w):
        y = w.dropped(inputs) * w.input_map[0] + w.input_map[1]
        driven, open_ = self.currents(y, w, "kernel")
        return w.blocks(driven).also(open=open_)

    def step(self, x, states, u):
        [v] = states
        c = u.capacity * self.unfolds
        for _ in range(self.unfolds):
            driven, open_ = self.currents(v, u, "recurrent")
            v = c * v + u.leak * u.resting + x.s + driven
            v = v / (c + u.leak + x.open + open_)
        return v * u.output_map[0] + u.output_map[1], [v]


@register
class LTC(RecurrentLayer):
    """Liquid time-constant network over a sequence; equations in `LTCCell`.

    Args: those of `LTCCell` and of `RNN`.

    Example:
    >>> LTC(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = LTCCell
