"""What every cell and every recurrent layer of the zoo shares.

A cell is a pure function of an input and of states. `GatedCell` owns its arguments, its
weights, its dropout and zoneout, so that a unit's file holds the paper's lines and no
more. `RecurrentLayer` makes a layer over sequences out of a cell class.
"""

import math
import re
from collections.abc import Callable
from typing import Any, Self

import keras
from keras import ops

from keras_rnn_zoo.layers.core import arguments as table
from keras_rnn_zoo.layers.core.kinds import DType
from keras_rnn_zoo.layers.core.masks import DrawsMasks
from keras_rnn_zoo.layers.core.rnn import RNN
from keras_rnn_zoo.layers.core.step import Products, Weight, value_of, warn_of_masks


def replaceable(function: Callable[[Any], Any]) -> Any:
    """A property in whose place a subclass may put a value."""
    return property(function)


class GatedCell(DrawsMasks, keras.Layer):
    """Base of the cells: one step of a recurrence, written like the paper.

    A subclass declares the blocks of its weights and its states, and writes its
    equations in `step`, a function of what it is given and of nothing else:

        x.f          block "f" of x_t W + b: it depends on the input alone, and is known
                     for all steps before the first
        u.f(a)       a U_f, a product with a function of the states: it has to wait for
                     the step before
        u(a, plus=x) x_t W + a U + b of all blocks at once
        u.gamma      a further weight, or one derived from the weights

    Everything else works element by element, or over the last axis, so that a step may
    be taken for `(batch, size)` and for `(time, batch, size)`. That is all an engine
    has to know about a cell to compute the input's part for all steps at once, and to
    leave the weights' gradients until after the loop. Nothing of a call is kept on the
    cell: two threads may call it, and every way through time computes the same.

    Class attributes:
        blocks: names of the blocks of `kernel`, in order.
        recurrent_blocks: those of `recurrent_kernel`; None: the same.
        bias_blocks: those of `bias`; None: those of `kernel`.
        state_names: names of the states, in order.
        bookkeeping: names of states that are no memory, as a count of steps: zoneout
            and trained initial states leave them alone.
        gates: names of the blocks that go through σ, in the order of the equations.
        kept_by: name of the gate by which the memory is multiplied at each step.
        replaced_by: name of the gate by whose complement it is multiplied.
        fixed_weights: names of the common weights that training does not change.
        linear: how new memories depend on those before, of given inputs: "diagonal",
            an affine map unit by unit; "full", another affine map; None: no such map.
        elsewhere: what else computes the cell: "native", the name of our kernel, and
            "cudnn", of cuDNN's, both for the standard activations; "onnx", the name of
            ONNX's node; "torch", the letters of the blocks in PyTorch's order.
        native_weights: `{argument: weight}` that the native kernel takes beyond kernel,
            recurrent_kernel and bias.
        extra_arguments: `{name: Argument}` that this cell takes beyond the common ones,
            or common ones to which it gives another default.
        without_arguments: names of common arguments that this cell has no use for;
            where `recurrent_shape` is None, those of U need not be named.
        also_named: `{name: argument}` of what else an argument may be called, as others
            call it; in configs it has its own name.

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
            2016, https://arxiv.org/abs/1512.05287) and one mask for each block. A cell
            called by itself, or in `keras.layers.RNN`, draws masks at every call, for
            it keeps none, and warns of it: `keras_rnn_zoo.RNN` draws one a sequence.
        seed: int or None. Seed of the dropout and zoneout masks.
        zoneout: float in [0, 1), or a list with one for each state. Share of a state's
            elements that keep their value at a step, drawn anew for every step; outside
            of training the new state is the mean, rate · s_{t-1} + (1 - rate) · s_t
            (Krueger et al., 2016, https://arxiv.org/abs/1606.01305).
        trainable_initial_state: bool. Whether sequences start from weights, which start
            at zero, instead of zeros. Of a stateful layer, at `reset_state`, and
            without a gradient.
        **kwargs: `name`, `dtype`, `trainable`; `implementation` as in Keras: 1 draws an
            input dropout mask for each block, as `recurrent_dropout` always does.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if an argument has a value out of its range.
    """

    blocks: tuple[str, ...] = ()
    recurrent_blocks: Any = None
    bias_blocks: Any = None
    state_names: tuple[str, ...] = ("h",)
    bookkeeping: tuple[str, ...] = ()
    fixed_weights: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    kept_by: str | None = None
    replaced_by: str | None = None
    linear: str | None = None
    elsewhere: dict[str, str] = {}
    native_weights: dict[str, str] = {}
    extra_arguments: dict[str, table.Argument] = {}
    without_arguments: tuple[str, ...] = ()
    also_named: dict[str, str] = {}
    arguments: dict[str, table.Argument]
    recurrent_dropout = 0.0  # of cells that have nothing to drop

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.recurrent_shape is None:
            without = dict.fromkeys((*cls.without_arguments, *table.OF_RECURRENT))
            cls.without_arguments = tuple(without)
        cls.arguments = table.assemble(cls.extra_arguments, cls.without_arguments)
        cls.__signature__ = table.OfTheClass(
            table.signature(
                {name: argument.default for name, argument in cls.arguments.items()},
                keyword_only=table.KEYWORD_ONLY,
            )
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        values, rest = table.bind(type(self), args, kwargs)
        implementation = rest.pop("implementation", 2)
        super().__init__(**rest)
        for name, argument in self.arguments.items():
            check, _ = table.KINDS[argument.kind]
            setattr(self, name, check(name, values[name]))
        self.mask_per_block = implementation == 1 or self.recurrent_dropout > 0
        self.seed_generator = keras.random.SeedGenerator(self.seed)
        self.zoneout_rates = self._one_rate_per_state()
        self._initial_states = {}

    # --- What a cell declares, where it is not the rule

    def block_size(self, block: str) -> int:
        """Width of a block of `kernel` or `recurrent_kernel`."""
        return self.units

    @property
    def state_shapes(self) -> list[tuple[int, ...]]:
        """Shape of each state of a row, in the order of `state_names`."""
        return [(self.units,)] * len(self.state_names)

    @property
    def output_size(self) -> int:
        """Width of the output."""
        return self.state_sizes[0]

    def kernel_rows(self, features: int) -> int:
        """Number of rows of `kernel`: the features that W multiplies."""
        return features

    @property
    def recurrent_rows(self) -> int:
        """Width of what recurrent dropout drops from: the state that U multiplies."""
        return self.state_sizes[0]

    @replaceable
    def recurrent_shape(self) -> tuple[int, ...]:
        """Shape of `recurrent_kernel`; None if the cell has none."""
        return (self.state_sizes[0], sum(self._sizes(self.recurrent_blocks).values()))

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of `bias`."""
        return (sum(self._sizes(self.bias_blocks).values()),)

    @property
    def bias_starts(self) -> dict[str, Any]:
        """`{block: number}`: blocks of `bias` that all start from one number."""
        return {}

    def initial_bias(self, shape: Any, dtype: DType = None) -> Any:
        """The first value of `bias`; an initializer like those of Keras."""
        starts = self.bias_starts
        if not starts:
            return table.first_value(self.bias_initializer, shape, dtype)
        parts = [
            table.first_value(
                keras.initializers.Constant(starts[block])
                if block in starts
                else self.bias_initializer,
                (size,),
                dtype,
            )
            for block, size in self._sizes(self.bias_blocks).items()
        ]
        return ops.concatenate(parts)

    def initial_recurrent_kernel(self, shape: Any, dtype: DType = None) -> Any:
        """The first value of `recurrent_kernel`; an initializer like those of Keras."""
        return table.first_value(self.recurrent_initializer, shape, dtype)

    def split_bias(self, bias: Any) -> tuple[Any, Any]:
        """`(b, d)`: what is added to x_t W, and to h_{t-1} U; None: nothing."""
        return bias, None

    def further_weights(self, features: int) -> Any:
        """The weights beyond kernel, recurrent_kernel and bias: a list of `Weight`."""
        return []

    def derived(self, w: Any) -> dict[str, Any]:
        """Weights made of the weights once a sequence: a dict, by name.

        Under the name of a weight it takes that one's place in the step. Gradients go
        through it.

        Args:
            w: the weights, by name.
        """
        return {}

    # --- The equations

    def terms(self, inputs: Any, w: Any) -> Any:
        """What the step reads of the input: x_t W + b, by block.

        Args:
            inputs: `(batch, features)`, or `(time, batch, features)`: an engine calls
                this once for all steps.
            w: `Products` of the input: `w(inputs)` is x W + b.

        Returns:
            `Blocks`, to which `also` adds what else the step reads of the input.
        """
        return w(inputs)

    def step(self, x: Any, states: Any, u: Any) -> tuple[Any, list[Any]]:
        """The equations of one step.

        Args:
            x: the `terms` of the step.
            states: list of the states before it, each in its shape.
            u: `Products` of the states.

        Returns:
            `(output, states)`. The output is a tensor, or a list of those that stand
            side by side in it. Where it is a new state, it follows zoneout.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `step`.")

    def call(
        self, inputs: Any, states: Any, training: bool = False
    ) -> tuple[Any, list[Any]]:
        if training and (self.dropout or self.recurrent_dropout):
            warn_of_masks(self)
        draws = self.draw(ops.shape(inputs)[0], training=training)
        weights = self.all_weights(training=training)
        x = self.terms(inputs, self.of_input(weights, draws.inputs, training))
        u = self.of_states(weights, draws.states, training)
        return self.advance(x, states, u, draws.keep)

    def advance(
        self, x: Any, states: Any, u: Any, keep: Any = None
    ) -> tuple[Any, list[Any]]:
        """One `step`, after which elements of the states may keep their old value.

        Args:
            x: as of `step`.
            states: list of `(…, size)`.
            u: as of `step`.
            keep: zoneout's masks for this step, side by side; None: the mean.

        Returns:
            `(output, states)`, the states flat again.
        """
        shaped = [
            s if len(shape) == 1 else ops.reshape(s, (*ops.shape(s)[:-1], *shape))
            for s, shape in zip(states, self.state_shapes, strict=True)
        ]
        output, new = self.step(x, shaped, u)
        flat = [
            s if len(shape) == 1 else ops.reshape(s, (*ops.shape(old)[:-1], size))
            for s, old, shape, size in zip(
                new, states, self.state_shapes, self.state_sizes, strict=True
            )
        ]
        if any(self.zoneout_rates):
            flat = self._zoned(states, flat, keep)
        outputs = list(output) if isinstance(output, list | tuple) else [output]
        for before, after in zip(new, flat, strict=True):
            outputs = [after if one is before else one for one in outputs]
        output = outputs[0] if len(outputs) == 1 else ops.concatenate(outputs, -1)
        # A number in a step may have widened one: what comes back is what was given.
        output, *flat = (
            s if s.dtype == self.compute_dtype else ops.cast(s, self.compute_dtype)
            for s in (output, *flat)
        )
        return output, flat

    def all_weights(self, values: Any = None, training: bool = False) -> dict[str, Any]:
        """The weights and those derived from them, by name, as tensors to read.

        Args:
            values: dict of tensors to take for them; None: those of the variables.
            training: bool. Matters where weights are dropped, once a sequence.
        """
        if values is None:
            values = {w.name: value_of(w, self.compute_dtype) for w in self.own_weights}
        return {**values, **self.derived(Products({}, None, values, None))}

    @property
    def own_weights(self) -> list[Any]:
        """The variables that the equations read: all but the initial states."""
        before = {id(w) for w in self._initial_states.values()}
        return [w for w in self.weights if id(w) not in before]

    def of_input(self, weights: Any, mask: Any = None, training: bool = False) -> Any:
        """`Products` of the input with the weights: what `terms` reads."""
        return Products(
            *(self._sizes(self.blocks), "kernel", weights),
            bias=lambda: self._bias_of(weights)[0],
            mask=mask,
            training=training,
        )

    def of_states(
        self,
        weights: Any,
        mask: Any = None,
        training: bool = False,
        carry_out: Any = None,
    ) -> Any:
        """`Products` of the states with the weights: what `step` reads."""
        return Products(
            *(self._sizes(self.recurrent_blocks), "recurrent_kernel", weights),
            bias=lambda: self._bias_of(weights)[1],
            mask=mask,
            carry_out=carry_out,
            training=training,
        )

    def _bias_of(self, weights):
        bias = weights.get("bias")
        return (None, None) if bias is None else self.split_bias(bias)

    def _sizes(self, blocks):
        blocks = self.blocks if blocks is None else blocks
        return {block: self.block_size(block) for block in blocks}

    # --- Weights

    @property
    def state_sizes(self) -> list[int]:
        """Number of elements of each state of a row."""
        return [math.prod(shape) for shape in self.state_shapes]

    @property
    def state_size(self) -> int | list[int]:
        """As Keras has it: a number, or a list of them."""
        sizes = self.state_sizes
        return sizes[0] if len(sizes) == 1 else sizes

    def build(self, input_shape: Any) -> None:
        """Makes kernel, recurrent_kernel, bias and what else the cell declares."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                "`input_shape` must have a known last dimension. "
                f"Received: input_shape={tuple(input_shape)}. Declare the number of "
                "features, e.g. `keras.Input((None, features))`."
            )
        shape = (self.kernel_rows(features), sum(self._sizes(self.blocks).values()))
        self.kernel = self._common_weight("kernel", shape, self.kernel_initializer)
        self.recurrent_kernel = self.bias = None
        if self.recurrent_shape is not None:
            self.recurrent_kernel = self._common_weight(
                "recurrent_kernel", self.recurrent_shape, self.initial_recurrent_kernel
            )
        if self.use_bias:
            self.bias = self._common_weight("bias", self.bias_shape, self.initial_bias)
        if self.trainable_initial_state:
            self._initial_states = {
                name: self.add_weight(
                    shape=(size,), name=f"initial_{name}", initializer="zeros"
                )
                for name, size in zip(self.state_names, self.state_sizes, strict=True)
                if name not in self.bookkeeping
            }
        for weight in self.further_weights(features):
            weight = Weight(*weight)
            setattr(self, weight.name, self.add_weight(**weight._asdict()))

    def _common_weight(self, name, shape, initializer):
        kind = name.removesuffix("_kernel") if "_" in name else name
        return self.add_weight(
            shape=shape,
            name=name,
            initializer=initializer,
            regularizer=getattr(self, f"{kind}_regularizer", None),
            constraint=getattr(self, f"{kind}_constraint", None),
            trainable=name not in self.fixed_weights,
        )

    # --- Kernels that compute the same

    @property
    def is_pure(self) -> bool:
        """Whether the cell is its `step`, and no `call` of a subclass stands before."""
        return (
            type(self).call is GatedCell.call
            and type(self).__call__ is GatedCell.__call__
        )

    @property
    def native_kernel(self) -> str | None:
        """Name of the native kernel that computes this cell; None if there is none."""
        name = self.elsewhere.get("native")
        return name if name and self.has_standard_activations else None

    @property
    def cudnn_kernel(self) -> str | None:
        """Name that cuDNN has for this cell; None if it has none."""
        name = self.elsewhere.get("cudnn")
        return name if name and self.has_standard_activations else None

    @property
    def has_standard_activations(self) -> bool:
        """Whether φ is tanh and σ the logistic function."""
        return (
            self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
        )

    # --- Keras

    def __call__(self, inputs: Any, states: Any, *args: Any, **kwargs: Any) -> Any:
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

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """A list with one `(batch_size, size)` tensor per state.

        Zeros, or the weights of `trainable_initial_state`, the same for every row.
        """
        zeros = [
            ops.zeros((batch_size, size), dtype=self.compute_dtype)
            for size in self.state_sizes
        ]
        return [
            zero + ops.cast(self._initial_states[name], self.compute_dtype)
            if name in self._initial_states
            else zero
            for name, zero in zip(self.state_names, zeros, strict=True)
        ]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.argument_config()}

    def argument_config(self) -> dict[str, Any]:
        """The cell's own arguments, as Keras serialises them."""
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

    cell_class: Any = None
    late_arguments: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.cell_class is None:
            return
        cls.also_named = cls.cell_class.also_named
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
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

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        return {
            **config,
            **self.cell.argument_config(),
            "activity_regularizer": keras.regularizers.serialize(
                self.activity_regularizer
            ),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)


def _of_cell(name):
    def get(self):
        return getattr(self.cell, name)

    get.__doc__ = f"`{name}` of the cell."
    return get


def _snake_case(name):
    """`LSTMCell` -> `lstm_cell`, as Keras names layers."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
