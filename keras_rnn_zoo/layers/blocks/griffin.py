"""Griffin's blocks: a short convolution, a gated linear unit, and a gated MLP."""

from typing import Any

import keras
from keras import ops

from keras_rnn_zoo.layers.cells.rglru import RGLRUCell
from keras_rnn_zoo.layers.core.arguments import Argument, flag, positive_integer, rate
from keras_rnn_zoo.layers.core.base import RecurrentLayer
from keras_rnn_zoo.layers.core.kinds import Implementation
from keras_rnn_zoo.layers.core.registry import register
from keras_rnn_zoo.layers.core.step import Weight


@register
class GriffinRecurrentCell(RGLRUCell):
    """Griffin's recurrent block, one step: two branches, one of which remembers.

        y_t = φ(x_t W_y + b_y)
        p_t = x_t W_x + b_x
        v_t = Σ_k K_k ⊙ p_{t-k} + d                            k = 0, …, window - 1
        r_t = σ(v_t V_r + b_r),  i_t = σ(v_t V_i + b_i)
        a_t = σ(Λ) to the power of 8 r_t
        h_t = a_t ⊙ h_{t-1} + √(1 - a_t²) ⊙ i_t ⊙ v_t
        o_t = (y_t ⊙ h_t) W_o + b_o

    φ is `activation`, σ of the gates `recurrent_activation`. K is conv_kernel, d is
    conv_bias, Λ is decay; V_r and V_i, which are gate_kernel, have `heads` blocks along
    their diagonal, and zeros elsewhere. The output is o_t, which is no state. Row
    vectors, as in the code.
    When to use it: as `RGLRUCell`, several layers deep, within `GriffinBlock`. A
    step costs as much at any length.

    Reference: De et al., 2024, "Griffin: Mixing Gated Linear Recurrences with Local
    Attention for Efficient Language Models", https://arxiv.org/abs/2402.19427, section
    2.3 and figure 2. Differs from the paper: nothing; 1 - a_t² is at least 1e-7. The
    authors' code approximates GELU with tanh, and lets the first step in whole.

    Args:
        recurrent_units: int, width of the branches; `units`, that of the output, if
            None (the paper: about 4/3 of it).
        window: int, at least 2. Steps that the convolution sees.
        heads: int. How many blocks V_r and V_i have; divides `recurrent_units`.
        activation: φ, GELU by default. Other arguments: see `GatedCell`; those of the
            recurrent kernel do not exist.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, p]`, `(batch, recurrent_units)` and `(batch, (window - 1) *
            recurrent_units)`, of p the last step first.
        training: bool. Matters only with dropout and zoneout.

    Returns:
        `(o, [h, p])`, o of shape `(batch, units)`, in the cell's compute dtype.

    Weights:
        kernel `(features, 2 * recurrent_units)`, bias `(2 * recurrent_units,)`; blocks
        y, x. conv_kernel `(window, recurrent_units)`, conv_bias `(recurrent_units,)`,
        gate_kernel `(recurrent_units, 2 * recurrent_units // heads)`, gate_bias `(2 *
        recurrent_units,)`; blocks r, i. decay `(recurrent_units,)`, output_kernel
        `(recurrent_units, units)`, output_bias `(units,)`.

    Raises:
        TypeError: if `units`, `recurrent_units`, `window` or `heads` is not an integer.
        ValueError: if one of them is not positive, `window` is 1, or `heads` does not
            divide the width of the branches.

    Example:
    >>> cell = GriffinRecurrentCell(3, recurrent_units=4)
    >>> out, [h, p] = cell(np.ones((2, 5)), cell.get_initial_state(2))
    >>> out.shape, p.shape
    (TensorShape([2, 3]), TensorShape([2, 12]))
    """

    blocks = ("y", "x")
    state_names = ("h", "p")
    bookkeeping = ("p",)
    gates = ()
    linear = None
    without_arguments = ()
    extra_arguments = {
        "recurrent_units": Argument("positive integer or None", None, "units"),
        "window": Argument("positive integer", 4, "recurrent_units"),
        "heads": Argument("positive integer", 1, "window"),
        "activation": Argument("activation", "gelu"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.window < 2:
            raise ValueError(
                f"`window` must be at least 2. Received: window={self.window}. Without "
                "a convolution it is `RGLRUCell`."
            )
        if self.width % self.heads:
            raise ValueError(
                "`heads` must divide the width of the branches. "
                f"Received: heads={self.heads}, recurrent_units={self.width}."
            )

    @property
    def width(self) -> int:
        """Width of the branches."""
        return self.recurrent_units or self.units

    def block_size(self, block: str) -> int:
        return self.width

    @property
    def state_shapes(self):
        return [(self.width,), (self.window - 1, self.width)]

    @property
    def output_size(self) -> int:
        return self.units

    def further_weights(self, features: Any) -> Any:
        n, kernel, bias = self.width, self.kernel_initializer, self.bias_initializer
        of_kernel = kernel, self.kernel_regularizer, self.kernel_constraint
        of_bias = bias, self.bias_regularizer, self.bias_constraint
        weights = [
            Weight("conv_kernel", (self.window, n), *of_kernel),
            Weight("conv_bias", (n,), *of_bias),
            Weight("gate_kernel", (n, 2 * n // self.heads), *of_kernel),
            Weight("gate_bias", (2 * n,), *of_bias),
            Weight("decay", (n,), self._first_decay),
            Weight("output_kernel", (n, self.units), *of_kernel),
            Weight("output_bias", (self.units,), *of_bias),
        ]
        return weights if self.use_bias else [w for w in weights if "bias" not in w[0]]

    def derived(self, w: Any) -> Any:
        """V_r and V_i side by side, each of its blocks in its place."""
        head = ops.arange(self.width) // (self.width // self.heads)
        within = ops.cast(head[:, None] == head[None], self.compute_dtype)
        parts = ops.split(w.gate_kernel, 2, -1)
        wide = [ops.tile(part, (1, self.heads)) * within for part in parts]
        return {"gate_matrix": ops.concatenate(wide, -1)}

    def step(self, x: Any, states: Any, u: Any) -> Any:
        h, p = states
        taps = ops.concatenate([x.x[..., None, :], p], -2)
        v = ops.sum(u.conv_kernel * taps, -2)
        v = v + u.conv_bias if self.use_bias else v
        z = u.product(v, u.gate_matrix)
        r, i = ops.split(z + u.gate_bias if self.use_bias else z, 2, -1)
        h = self.remember(h, v, r, i, u.decay)
        o = u.product(self.activation(x.y) * h, u.output_kernel)
        return o + u.output_bias if self.use_bias else o, [h, taps[..., :-1, :]]


@register
class GriffinRecurrent(RecurrentLayer):
    """Griffin's recurrent block over a sequence; equations in `GriffinRecurrentCell`.

    Args: those of `GriffinRecurrentCell` and of `RNN`.

    Example:
    >>> GriffinRecurrent(8, return_sequences=True)(np.zeros((2, 5, 3))).shape
    TensorShape([2, 5, 8])
    """

    cell_class = GriffinRecurrentCell


@register
class GriffinBlock(keras.layers.Layer):
    """Griffin's residual block: something that mixes the steps, then a gated MLP.

        m = x + GriffinRecurrent(norm(x))
        y = m + (GELU(norm(m) W_1 + b_1) ⊙ (norm(m) W_2 + b_2)) W_3 + b_3

    norm divides by the root of the mean square over the features, and scales.
    The block is as wide as its input. It is a layer as `GriffinRecurrent` is one: a
    masked step leaves its states alone, `stateful` carries them on, and so does
    `initial_state`, so that a sequence in pieces gives what the whole does.

    Reference: De et al., 2024, "Griffin: Mixing Gated Linear Recurrences with Local
    Attention for Efficient Language Models", https://arxiv.org/abs/2402.19427, sections
    2.1-2.3. Differs from the paper: nothing. (Every third of Griffin's blocks has a
    local attention in the place of the recurrent block: that one is not here; all of
    Hawk's blocks are these.)

    Args:
        recurrent_units: int or None. Width of the branches of the recurrent block; as
            wide as the input if None.
        expansion: int. M, how many times as wide as the input the MLP is within.
        window: int. As of `GriffinRecurrentCell`.
        heads: int. As of `GriffinRecurrentCell`.
        dropout: float in [0, 1). Share that is dropped, in training, of what is added
            to x and to m.
        return_state: bool. The last states after the output.
        stateful: bool. The last states of a batch are the first of the next one.
        implementation: as of `RNN`.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequences: `(batch, time, features)`.
        initial_state: list of `[h, p]`; None for zeros.
        mask: bool `(batch, time)`; False marks a step to skip.
        training: bool. Matters only with dropout.

    Returns:
        `(batch, time, features)`; with `return_state`, a tuple of it, h and p.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range.

    Example:
    >>> block = GriffinBlock(recurrent_units=8, return_state=True)
    >>> y, *states = block(np.ones((2, 5, 6)))
    >>> again, *states = block(np.ones((2, 3, 6)), initial_state=states)
    >>> y.shape, again.shape
    (TensorShape([2, 5, 6]), TensorShape([2, 3, 6]))
    """

    def __init__(
        self,
        recurrent_units: int | None = None,
        expansion: int = 3,
        window: int = 4,
        heads: int = 1,
        dropout: float = 0.0,
        return_state: bool = False,
        stateful: bool = False,
        implementation: Implementation = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if recurrent_units is not None:
            recurrent_units = positive_integer("recurrent_units", recurrent_units)
        self.recurrent_units = recurrent_units
        self.expansion = positive_integer("expansion", expansion)
        self.window = positive_integer("window", window)
        self.heads = positive_integer("heads", heads)
        self.dropout = rate("dropout", dropout)
        self.return_state = flag("return_state", return_state)
        self.stateful = flag("stateful", stateful)
        self.implementation = implementation
        self.supports_masking = True
        self._make(recurrent_units or self.heads)  # whose arguments are checked here

    def _make(self, features):
        options = {"dtype": self.dtype_policy, "return_sequences": True}
        return GriffinRecurrent(
            features,
            recurrent_units=self.recurrent_units,
            window=self.window,
            heads=self.heads,
            return_state=True,
            stateful=self.stateful,
            implementation=self.implementation,
            name="recurrent",
            **options,
        )

    def build(self, input_shape: Any) -> None:
        features, layers = input_shape[-1], keras.layers
        shape, own = (None, None, features), {"dtype": self.dtype_policy}
        self.recurrent = self._make(features)
        self.scales = [
            self.add_weight((features,), "ones", name=name)
            for name in ("scale_1", "scale_2")
        ]
        wide = self.expansion * features
        self.gate = layers.Dense(wide, "gelu", name="gate", **own)
        self.value = layers.Dense(wide, name="value", **own)
        self.out = layers.Dense(features, name="out", **own)
        self.drop = layers.Dropout(self.dropout, name="drop", **own)
        self.recurrent.build(input_shape)
        for layer in (self.gate, self.value):
            layer.build(shape)
        self.out.build((None, None, wide))

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        scale_1, scale_2 = (ops.cast(w, self.compute_dtype) for w in self.scales)
        n = ops.rms_normalization(sequences, scale_1, epsilon=1e-6)
        mixed, *states = self.recurrent(
            n, initial_state=initial_state, mask=mask, training=training
        )
        m = sequences + self.drop(mixed, training=training)
        n = ops.rms_normalization(m, scale_2, epsilon=1e-6)
        y = m + self.drop(self.out(self.gate(n) * self.value(n)), training=training)
        return (y, *states) if self.return_state else y

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        if not self.return_state:
            return previous_mask
        return (previous_mask, None, None)

    def reset_state(self) -> None:
        """Returns a stateful block to zeros."""
        self.recurrent.reset_state()

    def get_config(self) -> dict[str, Any]:
        names = ("recurrent_units", "expansion", "window", "heads", "dropout")
        more = ("return_state", "stateful", "implementation")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names + more},
        }
