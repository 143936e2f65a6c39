"""The three best of ten thousand mutated cells."""

from keras import ops

from keras_rnn_zoo.layers.core.base import GatedCell, RecurrentLayer
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


class _PassedCell(GatedCell):
    """Base of the two whose input also goes past W, as wide as the units."""

    def further_weights(self, features):
        if features == self.units:
            return []
        shape = (features, self.units)
        return [Weight("input_kernel", shape, "glorot_uniform", trainable=False)]

    def terms(self, inputs, w):
        passed = w.dropped(inputs)
        if passed.shape[-1] != self.units:
            passed = w.product(passed, w.input_kernel)
        return w(inputs).also(passed=passed)


@register
class MUT1Cell(_PassedCell):
    """MUT1: a GRU whose update gate sees the input only.

        z_t = σ(x_t W_z + b_z)
        r_t = σ(x_t W_r + h_{t-1} U_r + b_r)
        n_t = φ((r_t ⊙ h_{t-1}) U_h + φ(x_t P) + b_h)
        h_t = z_t ⊙ n_t + (1 - z_t) ⊙ h_{t-1}

    σ is `recurrent_activation`, φ is `activation`. P is the identity where `units` is
    the number of features, and else a fixed matrix that is not trained. Row vectors, as
    in the code. The output is h_t.
    When to use it: where a GRU is the choice; on the paper's arithmetic and XML it was
    the better one.

    Reference: Jozefowicz, Zaremba & Sutskever, 2015, "An Empirical Exploration of
    Recurrent Network Architectures", ICML. Differs from the paper: P, where the widths
    differ.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`; blocks z, r. recurrent_kernel `(units, 2 *
        units)`; blocks r, h. bias `(3 * units,)`; blocks z, r, h. input_kernel
        `(features, units)`, which is P, only if `units` is not the number of features.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MUT1Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "r")
    recurrent_blocks = ("r", "h")
    bias_blocks = ("z", "r", "h")
    gates = ("z", "r")
    replaced_by = "z"

    def split_bias(self, bias):
        of_input, of_candidate = ops.split(bias, [2 * self.units])
        return of_input, ops.concatenate([0 * of_candidate, of_candidate])

    def step(self, x, states, u):
        [h] = states
        z = self.recurrent_activation(x.z)
        r = self.recurrent_activation(x.r + u.r(h))
        n = self.activation(u.h(r * h) + self.activation(x.passed))
        h = z * n + (1 - z) * h
        return h, [h]


@register
class MUT1(RecurrentLayer):
    """MUT1 over a sequence; equations in `MUT1Cell`.

    Args: those of `MUT1Cell` and of `RNN`.

    Example:
    >>> MUT1(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MUT1Cell


@register
class MUT2Cell(_PassedCell):
    """MUT2: a GRU whose reset gate adds the bare input.

        z_t = σ(x_t W_z + h_{t-1} U_z + b_z)
        r_t = σ(x_t P + h_{t-1} U_r + b_r)
        n_t = φ(x_t W_h + (r_t ⊙ h_{t-1}) U_h + b_h)
        h_t = z_t ⊙ n_t + (1 - z_t) ⊙ h_{t-1}

    σ is `recurrent_activation`, φ is `activation`. P is the identity where `units` is
    the number of features, and else a fixed matrix that is not trained. Row vectors, as
    in the code. The output is h_t.
    When to use it: where a GRU is the choice, with a third of its input's weights less.

    Reference: Jozefowicz, Zaremba & Sutskever, 2015, "An Empirical Exploration of
    Recurrent Network Architectures", ICML. Differs from the paper: P, where the widths
    differ.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * units)`; blocks z, h. recurrent_kernel `(units, 3 *
        units)`, bias `(3 * units,)`; blocks z, r, h. input_kernel `(features, units)`,
        which is P, only if `units` is not the number of features.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MUT2Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "h")
    recurrent_blocks = bias_blocks = ("z", "r", "h")
    gates = ("z", "r")
    replaced_by = "z"

    def split_bias(self, bias):
        return None, bias

    def step(self, x, states, u):
        [h] = states
        a = u(h, ["z", "r"])
        z = self.recurrent_activation(x.z + a.z)
        r = self.recurrent_activation(x.passed + a.r)
        n = self.activation(x.h + u.h(r * h))
        h = z * n + (1 - z) * h
        return h, [h]


@register
class MUT2(RecurrentLayer):
    """MUT2 over a sequence; equations in `MUT2Cell`.

    Args: those of `MUT2Cell` and of `RNN`.

    Example:
    >>> MUT2(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MUT2Cell


@register
class MUT3Cell(GatedCell):
    """MUT3: a GRU whose update gate squashes the state before it looks.

        z_t = σ(x_t W_z + φ(h_{t-1}) U_z + b_z)
        r_t = σ(x_t W_r + h_{t-1} U_r + b_r)
        n_t = φ(x_t W_h + (r_t ⊙ h_{t-1}) U_h + b_h)
        h_t = z_t ⊙ n_t + (1 - z_t) ⊙ h_{t-1}

    σ is `recurrent_activation`, φ is `activation`. Row vectors, as in the code. The
    output is h_t.
    When to use it: where a GRU is the choice; the weights are a GRU's.

    Reference: Jozefowicz, Zaremba & Sutskever, 2015, "An Empirical Exploration of
    Recurrent Network Architectures", ICML. Differs from the paper: nothing.

    Args: as `GatedCell`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h]`, `(batch, units)`, or that tensor itself.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(h, [h])`, h of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 3 * units)`, recurrent_kernel `(units, 3 * units)`, bias `(3
        * units,)`; blocks z, r, h.

    Raises:
        TypeError: if `units` is not an integer.
        ValueError: if `units` is not positive.

    Example:
    >>> cell = MUT3Cell(3)
    >>> out, [h] = cell(np.ones((2, 4)), [np.zeros((2, 3))])
    >>> out.shape
    TensorShape([2, 3])
    """

    blocks = ("z", "r", "h")
    gates = ("z", "r")
    replaced_by = "z"

    def step(self, x, states, u):
        [h] = states
        z = self.recurrent_activation(x.z + u.z(self.activation(h)))
        r = self.recurrent_activation(x.r + u.r(h))
        n = self.activation(x.h + u.h(r * h))
        h = z * n + (1 - z) * h
        return h, [h]


@register
class MUT3(RecurrentLayer):
    """MUT3 over a sequence; equations in `MUT3Cell`.

    Args: those of `MUT3Cell` and of `RNN`.

    Example:
    >>> MUT3(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = MUT3Cell
