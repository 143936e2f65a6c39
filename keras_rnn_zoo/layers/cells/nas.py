"""A cell that was found by a search over cells."""

from keras import ops

from keras_rnn_zoo.layers.core.arguments import Argument
from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class NASCell(GatedCell):
    """NAS cell: eight products in a tree that a search has found.

        a^k = x_t W_k,  m^k = h_{t-1} U_k + b_k                              k = 0 … 7
        l0 = σ(a^0 + m^0), l1 = ρ(a^1 + m^1), l2 = σ(a^2 + m^2), l3 = ρ(a^3 ⊙ m^3)
        l4 = φ(a^4 + m^4), l5 = σ(a^5 + m^5), l6 = φ(a^6 + m^6), l7 = σ(a^7 + m^7)
        n0 = φ(l0 ⊙ l1), n1 = φ(l2 + l3), n2 = φ(l4 ⊙ l5), n3 = σ(l6 + l7)
        c_t = φ(n0 + c_{t-1}) ⊙ n1
        h_t = φ(c_t ⊙ φ(n2 + n3))

    σ is `recurrent_activation`, φ is `activation`, ρ is the rectifier. With
    `projection_units`, h_t is multiplied by a further matrix. Row vectors, as in the
    code. The output is h_t.
    When to use it: language models of words, for which it was searched, at twice an
    LSTM's cost.

    Reference: Zoph & Le, 2016, "Neural Architecture Search with Reinforcement
    Learning", https://arxiv.org/abs/1611.01578. Differs from the paper: nothing that is
    known: a^3 ⊙ m^3 is a product, as in the authors' code in TensorFlow, where the
    eight are numbered as here, and the states are c and h in this order. The projection
    is TensorFlow's.

    Args:
        projection_units: int or None. Width of h where it is projected; also
            `projection`.
        projection_initializer: initializer of the matrix of the projection. Other
            arguments: see `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[c, h]`, each `(batch, units)`; h `(batch, projection_units)` if it is
            projected.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [c, h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 8 * units)`, recurrent_kernel `(units, 8 * units)`, bias `(8
        * units,)`; blocks l0, l1, …, l7. With a projection, recurrent_kernel
        `(projection_units, 8 * units)` and projection_kernel `(units,
        projection_units)`.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` or `projection_units` is not positive.

    Example:
    >>> cell = NASCell(3)
    >>> out, [c, h] = cell(np.ones((2, 4)), [np.zeros((2, 3)), np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = tuple(f"l{k}" for k in range(8))
    state_names = ("c", "h")
    gates = ("l0", "l2", "l5", "l7")
    extra_arguments = {
        "projection_units": Argument("positive integer or None", None),
        "projection_initializer": Argument("initializer", "glorot_uniform"),
    }
    also_named = {"projection": "projection_units"}

    @property
    def output_size(self):
        return self.projection_units or self.units

    @property
    def state_shapes(self):
        return [(self.units,), (self.output_size,)]

    @property
    def recurrent_rows(self):
        return self.output_size

    @property
    def recurrent_shape(self):
        return (self.output_size, 8 * self.units)

    def further_weights(self, features):
        if self.projection_units is None:
            return []
        shape = (self.units, self.projection_units)
        return [Weight("projection_kernel", shape, self.projection_initializer)]

    def split_bias(self, bias):
        return None, bias

    def step(self, x, states, u):
        c, h = states
        a, m = list(x), list(u(h))
        act, gate = self.activation, self.recurrent_activation
        l0, l1 = gate(a[0] + m[0]), ops.relu(a[1] + m[1])
        l2, l3 = gate(a[2] + m[2]), ops.relu(a[3] * m[3])
        l4, l5 = act(a[4] + m[4]), gate(a[5] + m[5])
        l6, l7 = act(a[6] + m[6]), gate(a[7] + m[7])
        n0, n1, n2, n3 = act(l0 * l1), act(l2 + l3), act(l4 * l5), gate(l6 + l7)
        c = act(n0 + c) * n1
        h = act(c * act(n2 + n3))
        if self.projection_units is not None:
            h = u.product(h, u.projection_kernel)
        return h, [c, h]


@register
class NAS(RecurrentLayer):
    """NAS cell over a sequence; equations in `NASCell`.

    Args: those of `NASCell` and of `RNN`.

    Example:
    >>> NAS(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = NASCell
