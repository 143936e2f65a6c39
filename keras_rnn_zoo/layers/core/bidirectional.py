"""Two layers that read a sequence from both of its ends."""

import inspect
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from keras_rnn_zoo.layers.core.arguments import without_keras_2
from keras_rnn_zoo.layers.core.registry import register

MERGE_MODES = ("concat", "sum", "mul", "ave", None)
_NEEDED = ("go_backwards", "return_sequences", "return_state", "stateful", "input_spec")
_IN_COMMON = ("return_sequences", "return_state", "stateful")


@register
class Bidirectional(keras.layers.Bidirectional):
    """Reads a sequence forward with one layer and backward with another.

    Both are made from the config of the layer given. What this class does beyond
    `keras.layers.Bidirectional`, which it is otherwise:

    * masks go on to the next layer with every version of Keras;
    * the two directions may have different widths and numbers of states;
    * one seed gives each direction dropout masks of its own;
    * `reset_state` takes states, and `weights` is used;
    * masks go on from a stateful layer that returns its states too.

    Args:
        layer: a recurrent layer, of the zoo or of Keras; or any layer that has its
            attributes (`go_backwards`, `return_sequences`, `return_state`, `stateful`,
            `input_spec`) and comes back from its config.
        merge_mode: `"concat"` for both outputs side by side, `"sum"`, `"mul"`, `"ave"`,
            which need outputs of one width, or None for a pair.
        weights: list of arrays, forward's first; what the layer starts with. None for
            its initializers.
        backward_layer: the layer that reads backward, if it is not to be made from
            `layer`: with `go_backwards` the other way round, and the same
            `return_sequences`, `return_state` and `stateful`. It is used itself, not a
            copy, and keeps its seed.
        **kwargs: `name`, `dtype`, `trainable`, `activity_regularizer`.

    Call arguments:
        sequences: `(batch, time, features)`.
        initial_state: list of tensors, forward's states before backward's; None for
            the layers' own.
        mask: bool `(batch, time)`; False marks a step to skip. With `return_sequences`
            the outputs there are zeros.
        training: bool. Matters only with dropout.

    Returns:
        The output, `(batch, time, width)` or `(batch, width)`: at each step what
        both directions know when they stand there. Two of them without `merge_mode`;
        with `return_state`, then every state, forward's before backward's.

    Raises:
        ValueError: if `layer` or `backward_layer` is no such layer, if they do not go
            together, or `merge_mode` is none of the above; if `initial_state` does not
            hold one tensor per state.

    Example:
    >>> Bidirectional(GRU(4), merge_mode="sum")(np.zeros((2, 5, 3))).shape
    TensorShape([2, 4])
    >>> both = Bidirectional(GRU(4), backward_layer=GRU(2, go_backwards=True))
    >>> both(np.zeros((2, 5, 3))).shape
    TensorShape([2, 6])
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs = without_keras_2(kwargs)
        if merge_mode not in MERGE_MODES:
            raise ValueError(
                f"`merge_mode` must be one of {MERGE_MODES}. "
                f"Received: merge_mode={merge_mode!r}."
            )
        _check_layer("layer", layer)
        if backward_layer is None:
            if layer.go_backwards:
                raise ValueError(
                    "`layer` must have go_backwards=False where no `backward_layer` is "
                    f"given. Received: layer={layer.name!r} with go_backwards=True."
                )
            backward_layer = _backward_copy(layer)
        else:
            _check_pair(layer, backward_layer)
        use_cudnn = getattr(backward_layer, "use_cudnn", None)
        super().__init__(
            layer, merge_mode=merge_mode, backward_layer=backward_layer, **kwargs
        )
        if use_cudnn is not None:  # Keras gives it that of `layer`
            self.backward_layer.use_cudnn = use_cudnn
        # While it loads a file, Keras takes objects of one `id` for one object, and an
        # id is free again when its object is gone: the next layer would be this one.
        self.__dict__["_made_of"] = _Kept(layer, backward_layer)
        self.supports_masking = True
        self._first_weights = None if weights is None else tuple(weights)

    @property
    def _both(self):
        return self.forward_layer, self.backward_layer

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        super().build(sequences_shape, initial_state_shape)
        self.compute_output_shape(sequences_shape)  # raises if widths differ
        given, self._first_weights = self._first_weights, None
        if given is not None:
            shapes = [tuple(weight.shape) for weight in self.weights]
            found = [np.shape(array) for array in given]
            if shapes != found:
                raise ValueError(
                    f"`weights` must hold arrays of the shapes {shapes}, those of the "
                    f"forward layer first. Received: weights of the shapes {found}."
                )
            self.set_weights(given)

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
    ) -> Any:
        states = self._states_of_each("initial_state", initial_state)
        results = []
        for layer, state in zip(self._both, states, strict=True):
            given = {"mask": mask, "training": training}
            known = inspect.signature(layer.call).parameters
            given = {name: value for name, value in given.items() if name in known}
            results.append(layer(sequences, initial_state=state, **given))
        carried = ()
        if self.return_state:
            carried = tuple(state for result in results for state in result[1:])
            results = [result[0] for result in results]
        y, z = (ops.cast(result, self.compute_dtype) for result in results)
        if self.return_sequences:
            z = ops.flip(z, axis=1)
        self._check_widths(y.shape, z.shape)
        if self.merge_mode is None:
            return (y, z, *carried)
        if self.merge_mode == "concat":
            output = ops.concatenate([y, z], axis=-1)
        elif self.merge_mode == "mul":
            output = y * z
        else:
            output = y + z
            output = output / 2 if self.merge_mode == "ave" else output
        return (output, *carried) if self.return_state else output

    def compute_output_shape(
        self, sequences_shape: Any, initial_state_shape: Any = None
    ) -> Any:
        shapes = [layer.compute_output_shape(sequences_shape) for layer in self._both]
        carried = ()
        if self.return_state:
            carried = tuple(tuple(state) for shape in shapes for state in shape[1:])
            shapes = [shape[0] for shape in shapes]
        first, second = map(tuple, shapes)
        self._check_widths(first, second)
        if self.merge_mode is None:
            return (first, second, *carried)
        if self.merge_mode == "concat":
            first = (*first[:-1], first[-1] + second[-1])
        return (first, *carried) if self.return_state else first

    def _check_widths(self, first, second):
        if self.merge_mode in ("concat", None) or first[-1] == second[-1]:
            return
        raise ValueError(
            "`merge_mode` must be 'concat' or None for directions of two widths. "
            f"Received: merge_mode={self.merge_mode!r} for outputs of width "
            f"{first[-1]} (forward) and {second[-1]} (backward)."
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        if isinstance(mask, list | tuple):
            mask = mask[0] if mask else None
        masks = [mask if self.return_sequences else None]
        masks *= 2 if self.merge_mode is None else 1
        if self.return_state:
            masks += [None] * sum(len(sizes) for sizes in self._state_sizes)
        return masks[0] if len(masks) == 1 else tuple(masks)

    @property
    def _state_sizes(self):
        """The widths of the states of both directions, flat."""
        return [tree.flatten(getattr(layer, "state_size", 0)) for layer in self._both]

    def _states_of_each(self, name, states):
        """`states` as the two directions take them; None for both if there are none."""
        if states is None:
            return None, None
        flat = tree.flatten(states)
        counts = [len(sizes) for sizes in self._state_sizes]
        if len(flat) != sum(counts):
            raise ValueError(
                f"`{name}` must hold {sum(counts)} tensors: {counts[0]} of the forward "
                f"layer, then {counts[1]} of the backward layer. Received: {name} of "
                f"{len(flat)} tensor(s). Pass None to start from the layers' own."
            )
        parts = flat[: counts[0]], flat[counts[0] :]
        return [
            tree.pack_sequence_as(list(layer.state_size), part)
            if tree.is_nested(getattr(layer, "state_size", 0))
            else part
            for layer, part in zip(self._both, parts, strict=True)
        ]

    def reset_state(self, states: Any = None) -> None:
        """Sets the carried states of both directions.

        Args:
            states: a list of arrays, one per state, `(batch, size)` each, forward's
                before backward's; None for the layers' own initial states.

        Raises:
            AttributeError: if the layer is not stateful.
            ValueError: if `states` does not fit, or the layer is not built.
        """
        super().reset_state()
        for layer, part in zip(
            self._both, self._states_of_each("states", states), strict=True
        ):
            if part is None:
                continue
            if "states" in inspect.signature(layer.reset_state).parameters:
                layer.reset_state(part)
                continue
            pairs = zip(tree.flatten(layer.states), tree.flatten(part), strict=True)
            for variable, state in pairs:
                variable.assign(ops.cast(state, variable.dtype))


def _check_layer(name, layer):
    if not isinstance(layer, keras.Layer):
        raise ValueError(
            f"`{name}` must be a recurrent layer. Received: {name}={layer!r}."
        )
    missing = [needed for needed in _NEEDED if not hasattr(layer, needed)]
    if missing:
        raise ValueError(
            f"`{name}` must be a recurrent layer, with {', '.join(_NEEDED)}. Received: "
            f"{name} of type {type(layer).__name__} without {', '.join(missing)}."
        )


def _check_pair(layer, backward_layer):
    _check_layer("backward_layer", backward_layer)
    if layer.go_backwards == backward_layer.go_backwards:
        raise ValueError(
            "`backward_layer` must have go_backwards the other way round than `layer`. "
            f"Received: go_backwards={layer.go_backwards!r} for both."
        )
    for name in _IN_COMMON:
        first, second = getattr(layer, name), getattr(backward_layer, name)
        if first != second:
            raise ValueError(
                f"`backward_layer` must have the same {name} as `layer`. Received: "
                f"{name}={first!r} for `layer`, {second!r} for `backward_layer`."
            )


class _Kept:
    """Objects that stay, in what Keras does not look into when it saves."""

    def __init__(self, *objects):
        self.objects = objects


def _backward_copy(layer):
    """A layer as the one given that reads the other way, with other random numbers."""
    node = keras.saving.serialize_keras_object(layer)
    node["config"].update(
        go_backwards=True, name=f"backward_{layer.name.removeprefix('backward_')}"
    )
    _reseed(node["config"])
    copy = keras.saving.deserialize_keras_object(node)
    if hasattr(layer, "use_cudnn"):  # Keras's layers do not have it in their config
        copy.use_cudnn = layer.use_cudnn
    return copy


def _reseed(config):
    """Gives a layer's config, and those of its cells, seeds that follow from theirs.

    Far from the seeds of the neighbours, which users and topologies count up.
    """
    if isinstance(config.get("seed"), int):
        seed = np.random.SeedSequence([config["seed"] % 2**64, 1])
        config["seed"] = int(seed.generate_state(1)[0]) >> 1
    for node in [config.get("cell"), *(config.get("cells") or ())]:
        if isinstance(node, dict) and isinstance(node.get("config"), dict):
            _reseed(node["config"])
