"""What every cell and every recurrent layer of the zoo shares.

A cell is a function of an input and of states. `GatedCell` owns its arguments, its
weights and its dropout, so that a unit's file holds the paper's lines and no more.
`RecurrentLayer` makes a layer over sequences out of a cell class.
"""

import contextlib
import functools
import itertools
import re

import keras
from keras import ops

from keras_rnn_zoo.layers import arguments as table
from keras_rnn_zoo.layers.rnn import RNN


class GatedCell(keras.Layer):
    """Base of the cells: one step of a recurrence with one block of weights per gate.

    A subclass declares its blocks and states, and writes its equations in `call` with
    three kinds of terms:

        project(x_t)       x_t W + b    depends on the input alone: known for all steps
                                        before the loop starts
        recur(a)           a U          linear in (a function of) the state: has to
        product(a, V)      a V          wait for the step before
        everything else    σ, φ, ⊙, +   element by element, or over the last axis

    That is all an engine has to know about a cell to compute the first for all steps
    at once, and to leave the weights' gradients until after the loop.

    Class attributes:
        gates: names of the blocks in `kernel`, `recurrent_kernel` and `bias`, in order.
        state_names: names of the states, in order. Each is `units` wide, unless the
            cell says otherwise in `state_sizes`.
        input_weights: names of the weights that `input_terms` reads, and nothing else.
        extra_arguments: `{name: Argument}` that this cell takes beyond the common ones,
            or common ones to which it gives another default.
        without_arguments: names of common arguments that this cell has no use for.

    Args:
        units: int. Width of each state and of the output.
        activation: φ, the candidate's activation.
        recurrent_activation: σ, the gates' activation.
        use_bias: bool. Whether there is a bias b.
        kernel_initializer: initializer of W.
        recurrent_initializer: initializer of U.
        bias_initializer: initializer of b.
        kernel_regularizer: regularizer of W.
        recurrent_regularizer: regularizer of U.
        bias_regularizer: regularizer of b.
        kernel_constraint: constraint on W.
        recurrent_constraint: constraint on U.
        bias_constraint: constraint on b.
        dropout: float in [0, 1). Share of input elements dropped in training.
        recurrent_dropout: float in [0, 1). Share of elements dropped from what U
            multiplies, with one mask for all steps of a sequence (Gal & Ghahramani,
            2016, https://arxiv.org/abs/1512.05287) and one mask for each gate.
        seed: int or None. Seed of the dropout and zoneout masks.
        zoneout: float in [0, 1), or a list with one for each state. Share of a state's
            elements that keep their value at a step, drawn anew for every step; outside
            of training the new state is the mean, rate · s_{t-1} + (1 - rate) · s_t
            (Krueger et al., 2016, https://arxiv.org/abs/1606.01305).
        trainable_initial_state: bool. Whether sequences start from weights, which start
            at zero, instead of zeros. Of a stateful layer, at `reset_state`, and
            without a gradient.
        **kwargs: `name`, `dtype`, `trainable`; `implementation` as in Keras: 1 draws an
            input dropout mask for each gate, as `recurrent_dropout` always does.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range.
    """

    gates = ()
    state_names = ("h",)
    input_weights = frozenset({"kernel", "bias"})
    extra_arguments = {}
    without_arguments = ()
    recurrent_dropout = 0.0  # of cells that have nothing to drop

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.arguments = table.assemble(cls.extra_arguments, cls.without_arguments)
        cls.__signature__ = table.OfTheClass(
            table.signature(
                {name: argument.default for name, argument in cls.arguments.items()},
                keyword_only=table.KEYWORD_ONLY,
            )
        )
        if "call" in vars(cls):
            cls.call = _then_zoneout(cls.call)

    def __init__(self, *args, **kwargs):
        values, rest = table.bind(type(self), args, kwargs)
        implementation = rest.pop("implementation", 2)
        super().__init__(**rest)
        for name, argument in self.arguments.items():
            check, _ = table.KINDS[argument.kind]
            setattr(self, name, check(name, values[name]))
        self.mask_per_gate = implementation == 1 or self.recurrent_dropout > 0
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        sizes = self.state_sizes
        self.state_size = sizes[0] if len(sizes) == 1 else sizes
        self.output_size = sizes[0]
        self._zoneout_rates = self._one_rate_per_state()
        self._initial_states = None
        self._masks = None
        self._stage = None

    # --- Weights

    @property
    def state_sizes(self):
        """Width of each state, in the order of `state_names`; the first is h."""
        return [self.units] * len(self.state_names)

    @property
    def recurrent_shape(self):
        """Shape of `recurrent_kernel`; None if the cell has none."""
        return (self.state_sizes[0], len(self.gates) * self.units)

    @property
    def bias_shape(self):
        """Shape of `bias`."""
        return (len(self.gates) * self.units,)

    def initial_bias(self, shape, dtype=None):
        """The first value of `bias`; an initializer like those of Keras."""
        return self.bias_initializer(shape, dtype=dtype)

    def build(self, input_shape):
        """Makes kernel (features, g·units), recurrent_kernel (units, g·units), bias."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                "`input_shape` must have a known last dimension. "
                f"Received: input_shape={tuple(input_shape)}. Declare the number of "
                "features, e.g. `keras.Input((None, features))`."
            )
        width = len(self.gates) * self.units
        self.kernel = self.add_weight(
            shape=(features, width),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.bias = None
        if self.recurrent_shape is not None:
            self.recurrent_kernel = self.add_weight(
                shape=self.recurrent_shape,
                name="recurrent_kernel",
                initializer=self.recurrent_initializer,
                regularizer=self.recurrent_regularizer,
                constraint=self.recurrent_constraint,
            )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self.bias_shape,
                name="bias",
                initializer=self.initial_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        if self.trainable_initial_state:
            self._initial_states = [
                self.add_weight(
                    shape=(size,), name=f"initial_{name}", initializer="zeros"
                )
                for name, size in zip(self.state_names, self.state_sizes, strict=True)
            ]

    # --- The terms of the equations

    @property
    def input_bias(self):
        """The part of `bias` that is added to x_t W."""
        return self.bias

    @property
    def recurrent_bias(self):
        """The part of `bias` that is added to h_{t-1} U, or None."""
        return None

    def input_terms(self, inputs, training=False):
        """Returns x W + b for all gates, side by side: what depends on the input alone.

        Args:
            inputs: `(batch, features)`, or `(time, batch, features)`: an engine calls
                this once for all steps.
            training: bool. Whether input dropout applies.
        """
        x = self._input_product(inputs, training)
        return x if self.input_bias is None else ops.add(x, self.input_bias)

    def _input_product(self, inputs, training):
        mask = self._mask(0, inputs, training)
        return self._product(inputs, mask, self.kernel, slice(0, len(self.gates)))

    def project(self, inputs, training=False):
        """x_t W + b, as a list with one `(batch, units)` tensor for each gate."""
        x = inputs if self._stage else self.input_terms(inputs, training)
        return ops.split(x, len(self.gates), axis=-1)

    def recurrent_terms(self, state, gates=None, training=False, plus=None):
        """Returns a U for the blocks of `gates`, side by side.

        Args:
            state: `(batch, units)`, what U multiplies.
            gates: names of neighbouring blocks of U; None for all.
            training: bool. Whether recurrent dropout applies.
            plus: tensor to add, or None.
        """
        gates = gates or self.gates
        first = self.gates.index(gates[0])
        blocks = slice(first, first + len(gates))
        mask = self._mask(1, state, training)

        def linear(a):
            u = self._product(a, mask, self.recurrent_kernel, blocks)
            if self.recurrent_bias is not None:
                u = ops.add(u, _columns(self.recurrent_bias, blocks, self.units))
            return u

        return self._linear(linear, state, plus)

    def recur(self, state, gates=None, training=False):
        """`recurrent_terms` as a list with one `(batch, units)` tensor a gate."""
        u = self.recurrent_terms(state, gates, training)
        return ops.split(u, len(gates or self.gates), axis=-1)

    def sums(self, inputs, state, training=False):
        """x_t W + h_{t-1} U + b, as a list with one `(batch, units)` tensor a gate.

        For cells that have the `input_terms` of this class.
        """
        x = inputs if self._stage else self._input_product(inputs, training)
        sums = self.recurrent_terms(state, training=training, plus=x)
        # TensorFlow is faster with the bias after both products.
        if not self._stage and self.input_bias is not None:
            sums = ops.add(sums, self.input_bias)
        return ops.split(sums, len(self.gates), axis=-1)

    def product(self, a, weights):
        """Returns a V: a product of the step with another matrix than U.

        Args:
            a: `(batch, size)`, a function of the states and of what else the step has.
            weights: the cell's variable V.
        """
        return self._linear(lambda a: _matmul(a, weights), a)

    def _linear(self, linear, a, plus=None):
        return (self._stage or _in_place)(linear, a, plus)

    def dropped(self, state, training=False):
        """`state` under recurrent dropout, where no matrix multiplies it."""
        mask = self._mask(1, state, training)
        return state if mask is None else state * mask[0]

    def _product(self, a, mask, weights, blocks):
        """(a ⊙ mask) weights for some blocks; `mask` is one for all, or one a gate."""
        columns = _columns(weights, blocks, self.units)
        if mask is None:
            return _matmul(a, columns)
        if not self.mask_per_gate:
            return _matmul(a * mask[0], columns)
        parts = ops.split(columns, blocks.stop - blocks.start, axis=-1)
        masked = [a * mask[i] for i in range(blocks.start, blocks.stop)]
        return ops.concatenate(
            [_matmul(m, part) for m, part in zip(masked, parts, strict=True)], -1
        )

    @contextlib.contextmanager
    def staged(self, product, weights, recurrent_mask):
        """For an engine: takes the terms of a step apart.

        Within this context `call` reads already projected inputs, hands every product
        `linear(a) + plus` to `product(linear, a, plus)`, and takes `weights` for its
        own.

        Args:
            product: callable, whose `plus` is None where there is nothing to add; None
                to leave the products where they are.
            weights: dict from a variable's name to the tensor that stands for it.
            recurrent_mask: tensor, or None: the mask of recurrent dropout.
        """
        before, self._stage = self._stage, product or _in_place
        pairs = [(w, weights[w.name]) for w in self.weights if w.name in weights]
        # An empty scope would still hide the values of a scope around it.
        scope = keras.StatelessScope(pairs) if pairs else contextlib.nullcontext()
        try:
            with scope, self.given_masks((None, recurrent_mask)):
                yield
        finally:
            self._stage = before

    def step_weights(self):
        """The variables that a step reads once its inputs are projected."""
        before = {w.name for w in self._initial_states or ()} | self.input_weights
        return [w for w in self.weights if w.name not in before]

    @property
    def native_kernel(self):
        """Name of the native kernel that computes this cell; None if there is none."""
        return None

    @property
    def has_standard_activations(self):
        """Whether φ is tanh and σ the logistic function."""
        return (
            self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
        )

    def native_weights(self):
        """What the native kernel takes beyond kernel, recurrent_kernel and bias."""
        return {}

    # --- Dropout

    @contextlib.contextmanager
    def masks_for_one_call(self, batch_size, training):
        """Draws the dropout masks that all steps of one sequence share.

        Outside of this context every step draws masks of its own.
        """
        masks = self._draw_masks(batch_size) if training else (None, None)
        with self.given_masks(masks):
            yield

    @contextlib.contextmanager
    def given_masks(self, masks):
        """Within this context the masks of input and recurrent dropout are these."""
        before, self._masks = self._masks, masks
        try:
            yield
        finally:
            self._masks = before

    def _draw_masks(self, batch_size):
        count = len(self.gates) if self.mask_per_gate else 1
        sizes = (self.kernel.shape[0], self.state_sizes[0])
        return tuple(
            keras.random.dropout(
                ops.ones((count, batch_size, size), dtype=self.compute_dtype),
                rate,
                seed=self.seed_generator,
            )
            if rate > 0
            else None
            for size, rate in zip(
                sizes, (self.dropout, self.recurrent_dropout), strict=True
            )
        )

    def _mask(self, which, a, training):
        if not training or not (self.dropout or self.recurrent_dropout):
            return None
        masks = self._masks or self._draw_masks(ops.shape(a)[0])
        return masks[which]

    # --- Zoneout

    def _one_rate_per_state(self):
        names = self.state_names
        if not isinstance(self.zoneout, tuple):
            return [self.zoneout] * len(names)
        if len(self.zoneout) != len(names):
            raise ValueError(
                f"`zoneout` must be one rate, or {len(names)} in the order "
                f"[{', '.join(names)}]. Received: zoneout={list(self.zoneout)!r}."
            )
        return list(self.zoneout)

    def zoneout_masks(self, *shape):
        """Draws 1 where a state element keeps its value, and 0 elsewhere.

        Args:
            *shape: `batch`, or `batch, time` for all steps at once.

        Returns:
            `(*shape, sum of sizes)`, in the compute dtype: a block for each state.
        """
        rates = [
            ops.full((size,), rate)
            for size, rate in zip(self.state_sizes, self._zoneout_rates, strict=True)
        ]
        drawn = keras.random.uniform(
            (*shape, sum(self.state_sizes)), dtype="float32", seed=self.seed_generator
        )
        keep = drawn < ops.cast(ops.concatenate(rates), "float32")
        return ops.cast(keep, self.compute_dtype)

    def with_zoneout_masks(self, sequences, training=False):
        """Puts the masks of all steps beside the inputs, with which they reach a step.

        A loop over time cannot draw: it is compiled, run again on the way back, or has
        no state to keep a seed in.

        Args:
            sequences: `(batch, time, features)`.
            training: bool. Without training, or zoneout, nothing is added.
        """
        if not training or not any(self._zoneout_rates):
            return sequences
        masks = self.zoneout_masks(*ops.shape(sequences)[:2])
        return ops.concatenate([ops.cast(sequences, masks.dtype), masks], axis=-1)

    def without_zoneout_masks(self, inputs):
        """Returns the inputs and the masks that are beside them, or None."""
        width = len(self.gates) * self.units if self._stage else self.kernel.shape[0]
        if not any(self._zoneout_rates):
            return inputs, None
        if inputs.shape[-1] != width + sum(self.state_sizes):
            return inputs, None
        return ops.split(inputs, [width], axis=-1)

    def terms_of_all_steps(self, inputs, training=False):
        """For an engine: `input_terms` of inputs that may have masks beside them."""
        inputs, masks = self.without_zoneout_masks(inputs)
        terms = self.input_terms(inputs, training)
        return terms if masks is None else ops.concatenate([terms, masks], axis=-1)

    def _zoned(self, states, new_states, masks):
        """The new states with some elements, or some of each element, as they were."""
        if masks is None:
            return [
                new + rate * (old - new) if rate else new
                for old, new, rate in zip(
                    states, new_states, self._zoneout_rates, strict=True
                )
            ]
        ends = list(itertools.accumulate(self.state_sizes))[:-1]
        blocks = ops.split(masks, ends, axis=-1) if ends else [masks]
        return [
            ops.where(mask > 0.5, old, new)
            for old, new, mask in zip(states, new_states, blocks, strict=True)
        ]

    # --- Keras

    def __call__(self, inputs, states, *args, **kwargs):
        """One step. A single state may be given, and then comes back, without a list.

        Raises:
            ValueError: if `states` does not hold one tensor per state.
        """
        bare = not isinstance(states, list | tuple)
        states = [states] if bare else list(states)
        if len(states) != len(self.state_names):
            raise ValueError(
                f"`states` of {type(self).__name__} must hold "
                f"{len(self.state_names)} tensor(s), in the order "
                f"[{', '.join(self.state_names)}]. Received: states of "
                f"{len(states)} tensor(s)."
            )
        output, new_states = super().__call__(inputs, states, *args, **kwargs)
        return output, new_states[0] if bare else new_states

    def get_initial_state(self, batch_size=None):
        """A list with one `(batch_size, size)` tensor per state.

        Zeros, or the weights of `trainable_initial_state`, the same for every row.
        """
        zeros = [
            ops.zeros((batch_size, size), dtype=self.compute_dtype)
            for size in self.state_sizes
        ]
        if self._initial_states is None:
            return zeros
        return [
            zero + ops.cast(first, self.compute_dtype)
            for zero, first in zip(zeros, self._initial_states, strict=True)
        ]

    def get_config(self):
        return {**super().get_config(), **self._argument_config()}

    def _argument_config(self):
        return {
            name: table.KINDS[argument.kind][1](getattr(self, name))
            for name, argument in self.arguments.items()
        }


class RecurrentLayer(RNN):
    """Base of the layers: `cell_class` carried through a sequence.

    Sorts the arguments of its constructor between the cell and the loop, and gives
    them back in one flat config. Every argument of the cell can be read from the
    layer. Other arguments: see `RNN`.

    Class attributes:
        cell_class: the `GatedCell` subclass.
        late_arguments: names of cell arguments that stand after those of the loop in
            the signature, where Keras has them.
    """

    cell_class = None
    late_arguments = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.cell_class is None:
            return
        of_cell = {
            name: argument.default
            for name, argument in cls.cell_class.arguments.items()
        }
        late = {name: of_cell.pop(name) for name in cls.late_arguments}
        names = {}
        for name, default in of_cell.items():
            names[name] = default
            if name == "bias_regularizer":
                names["activity_regularizer"] = None
        loop = ("return_sequences", "return_state", "go_backwards", "stateful")
        names.update(dict.fromkeys((*loop, "unroll"), False), **late)
        additions = {
            "zero_output_for_mask": False,
            "implementation": "auto",
            "truncate": None,
            "checkpoint": None,
        }
        names.update(use_cudnn="auto", **additions)
        cls.__signature__ = table.OfTheClass(
            table.signature(names, keyword_only=(*additions, *table.KEYWORD_ONLY))
        )
        for name in cls.cell_class.arguments:
            if not hasattr(cls, name):
                setattr(cls, name, property(_of_cell(name)))

    def __init__(self, *args, **kwargs):
        values, rest = table.bind(type(self), args, kwargs)
        of_cell = {name: values.pop(name) for name in self.cell_class.arguments}
        cell = self.cell_class(
            **of_cell,
            name=_snake_case(self.cell_class.__name__),
            dtype=rest.get("dtype"),
            trainable=rest.get("trainable", True),
            implementation=values["implementation"],
        )
        super().__init__(cell, **values, **rest)

    def get_config(self):
        config = super().get_config()
        del config["cell"]
        return {
            **config,
            **self.cell._argument_config(),
            "activity_regularizer": keras.regularizers.serialize(
                self.activity_regularizer
            ),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _then_zoneout(call):
    """A cell's `call`, after which elements of the states may keep their old value."""

    @functools.wraps(call)
    def call_then_zoneout(self, inputs, states, training=False):
        # Where a subclass calls its parent's `call`, the subclass's comes last.
        outermost = type(self).call is call_then_zoneout
        if not outermost or not any(self._zoneout_rates):
            return call(self, inputs, states, training)
        inputs, masks = self.without_zoneout_masks(inputs)
        if training and masks is None:
            masks = self.zoneout_masks(ops.shape(inputs)[0])
        output, new_states = call(self, inputs, states, training)
        zoned = self._zoned(states, new_states, masks)
        for new, kept in zip(new_states, zoned, strict=True):
            output = kept if output is new else output
        return output, zoned

    return call_then_zoneout


def _of_cell(name):
    def get(self):
        return getattr(self.cell, name)

    get.__doc__ = f"`{name}` of the cell."
    return get


def _matmul(a, weights):
    """Returns a W, over the last axis: one product for all steps if `a` has several."""
    if len(a.shape) == 2:
        return ops.matmul(a, weights)
    shape = ops.shape(a)
    rows = ops.matmul(ops.reshape(a, (-1, a.shape[-1])), weights)
    return ops.reshape(rows, (*shape[:-1], weights.shape[-1]))


def _in_place(linear, a, plus):
    return linear(a) if plus is None else ops.add(plus, linear(a))


def _columns(weights, blocks, units):
    """The columns of some blocks; the whole, unsliced, where that is all of them."""
    start, stop = blocks.start * units, blocks.stop * units
    if stop - start == weights.shape[-1]:
        return weights
    return weights[..., start:stop]


def _snake_case(name):
    """`LSTMCell` -> `lstm_cell`, as Keras names layers."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
