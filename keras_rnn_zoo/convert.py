"""Weights from and to others: Keras's layers, PyTorch's, Addons', torchrecurrent's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_rnn_zoo import layers as zoo
from keras_rnn_zoo.topologies import EncoderDecoder

# What Keras has under the same name.
_SAME = ("SimpleRNN", "LSTM", "GRU", "RNN", "StackedRNNCells", "Bidirectional")
_CELLS = ("SimpleRNNCell", "LSTMCell", "GRUCell")
# What only the zoo's layers take; with the value at which they do nothing.
_ONLY_OURS = {
    "implementation": ...,
    "truncate": ...,
    "checkpoint": ...,
    "zoneout": 0.0,
    "trainable_initial_state": False,
}
_KEY = re.compile(r"(weight|bias)_(ih|hh|hr)_l(\d+)(_reverse)?")


def from_keras(model: Any) -> Any:
    """The same model with the zoo's recurrent layers in the place of Keras's.

    Args:
        model: a functional or sequential `keras.Model`, or a recurrent or
            `Bidirectional` layer; built. Its other layers are copied.

    Returns:
        A model, or a layer, with the same weights and the same answers.

    Raises:
        TypeError: if `model` is neither.
        ValueError: if `model` is not built.

    Example:
    >>> theirs = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(4)])
    >>> type(from_keras(theirs).layers[0]).__module__
    'keras_rnn_zoo.layers.cells.lstm'
    """
    return _converted(model, _to_ours)


def to_keras(model: Any) -> Any:
    """The same model with Keras's recurrent layers in the place of the zoo's.

    The result loads and runs where this package is not installed.

    Args:
        model: as in `from_keras`, a topology of the zoo included.

    Returns:
        A model, or a layer, with the same weights and the same answers.

    Raises:
        TypeError: if `model` is neither.
        ValueError: if `model` is not built, or holds what Keras has no counterpart
            for, such as another cell or zoneout.

    Example:
    >>> model = to_keras(ManyToMany(2, units=4, vocabulary_size=9))
    >>> type(model.get_layer("recurrent_1")) is keras.layers.LSTM
    True
    """
    return _converted(model, _to_theirs)


def _converted(model, rewrite):
    if not isinstance(
        model, (keras.Model, keras.layers.RNN, keras.layers.Bidirectional)
    ):
        raise TypeError(
            "`model` must be a keras.Model, a recurrent layer or a Bidirectional one. "
            f"Received: model of type {type(model).__name__}."
        )
    if not model.built:
        raise ValueError(
            "`model` must be built. Received: model without weights. Call it once."
        )

    def convert(layer):
        config = rewrite(keras.saving.serialize_keras_object(layer))
        return keras.saving.deserialize_keras_object(config, safe_mode=False)

    if not isinstance(model, keras.Model):
        result = convert(model)
    elif hasattr(model, "inputs") and hasattr(model, "outputs"):
        result = keras.models.clone_model(model, clone_function=convert, recursive=True)
    else:
        raise TypeError(
            "`model` must be functional or sequential, so that its layers can be "
            f"exchanged. Received: model of type {type(model).__name__}."
        )
    if not result.built:
        result.build(model.input_shape)
    result.set_weights(model.get_weights())
    return result


def _to_ours(node):
    if isinstance(node, (list, tuple)):
        return type(node)(map(_to_ours, node))
    if not isinstance(node, dict):
        return node
    node = {key: _to_ours(value) for key, value in node.items()}
    name, module = node.get("class_name"), node.get("module")
    if name in (*_SAME, *_CELLS) and str(module).split(".")[0] == "keras":
        cls = getattr(zoo, name)
        node.update(module=cls.__module__, registered_name=f"keras_rnn_zoo>{name}")
    return node


def _to_theirs(node):
    if isinstance(node, (list, tuple)):
        return type(node)(map(_to_theirs, node))
    if not isinstance(node, dict):
        return node
    node = {key: _to_theirs(value) for key, value in node.items()}
    registered = node.get("registered_name") or ""
    if not registered.startswith("keras_rnn_zoo>"):
        return node
    name = registered.partition(">")[2]
    if name not in (*_SAME, *_CELLS):
        raise ValueError(
            f"`model` must hold layers that Keras has: {', '.join((*_SAME, *_CELLS))}. "
            f"Received: model with {name}."
        )
    config = dict(node["config"])
    for option, off in _ONLY_OURS.items():
        value = config.pop(option, off)
        if off is not ... and value not in (off, [off], [off, off], (off, off)):
            raise ValueError(
                "`model` must do nothing that Keras's layers cannot. Received: "
                f"{option}={value!r} in {name}."
            )
    if name not in ("LSTM", "GRU"):  # of Keras's, only they have cuDNN's path
        config.pop("use_cudnn", None)
    if not config.get("zero_output_for_mask"):
        config.pop("zero_output_for_mask", None)
    return {
        **node,
        "module": "keras.layers",
        "registered_name": None,
        "config": config,
    }


def from_torch(
    state_dict: Mapping[str, Any],
    *,
    prefix: str = "",
    activation: str = "tanh",
    return_sequences: bool = True,
) -> Any:
    """A stack of recurrent layers with the weights of a `torch.nn.RNN`, `LSTM`, `GRU`.

    Which of them, how wide, how many layers, one direction or two, with biases and
    with a projection (`proj_size`, a `ProjectedLSTM` here) is seen from the weights.

    Gates are put in our order: PyTorch has r, z, n in a GRU where we have z, r, h, and
    i, f, g, o in an LSTM as we do. Of the two biases of an RNN and an LSTM, ours is the
    sum.

    Args:
        state_dict: what `module.state_dict()` gives, of tensors or of arrays.
        prefix: str. What stands before `weight_ih_l0`, as `"encoder."`; keys that do
            not begin with it are left alone.
        activation: "tanh" or "relu", the `nonlinearity` of a `torch.nn.RNN`.
        return_sequences: bool. Whether the last layer gives every step, or the last.

    Returns:
        `keras.Sequential`, `(batch, time, features)` to what the last layer gives;
        with two directions their outputs are side by side, as in PyTorch.

    Raises:
        ValueError: if the keys or shapes are not those of such a module.

    Example:
    >>> weights = {
    ...     "weight_ih_l0": np.ones((12, 3)), "weight_hh_l0": np.ones((12, 4)),
    ...     "bias_ih_l0": np.ones(12), "bias_hh_l0": np.ones(12)}
    >>> from_torch(weights).layers[0].name
    'gru_l0'
    """
    arrays = {
        key.removeprefix(prefix): np.asarray(
            value.detach().cpu() if hasattr(value, "detach") else value
        )
        for key, value in state_dict.items()
        if key.startswith(prefix)
    }
    unknown = [key for key in arrays if not _KEY.fullmatch(key)]
    if unknown or "weight_ih_l0" not in arrays:
        raise ValueError(
            "`state_dict` must hold weight_ih_l0, weight_hh_l0, … after `prefix`, and "
            f"nothing else. Received: prefix={prefix!r} and keys "
            f"{sorted(unknown or state_dict)[:4]}."
        )
    if activation not in ("tanh", "relu"):
        raise ValueError(
            "`activation` must be 'tanh' or 'relu'. "
            f"Received: activation={activation!r}."
        )
    kind, units = _kind_of(arrays)
    if activation != "tanh" and kind != "SimpleRNN":
        raise ValueError(
            f"`activation` must be 'tanh' for weights of {kind}. "
            f"Received: activation={activation!r}."
        )
    found: Any = [_KEY.fullmatch(key) for key in arrays]
    count = 1 + max(int(one[3]) for one in found)
    both = "weight_ih_l0_reverse" in arrays
    suffixes = ("", "_reverse") if both else ("",)
    model = keras.Sequential([keras.Input((None, arrays["weight_ih_l0"].shape[1]))])
    for i in range(count):
        options: dict[str, Any] = {"use_bias": "bias_ih_l0" in arrays}
        if kind == "SimpleRNN":
            options["activation"] = activation
        if kind == "ProjectedLSTM":
            options["projection_units"] = arrays["weight_hr_l0"].shape[0]
        name = f"{kind.lower()}_l{i}"
        layer = getattr(zoo, kind)(
            units,
            return_sequences=return_sequences or i < count - 1,
            name="forward" if both else name,
            **options,
        )
        model.add(zoo.Bidirectional(layer, name=name) if both else layer)
        parts = model.layers[-1]
        parts = [parts.forward_layer, parts.backward_layer] if both else [parts]
        for suffix, part in zip(suffixes, parts, strict=True):
            _read_torch(arrays, f"_l{i}{suffix}", kind, part)
    return model


def encoder_decoder_from_torch(
    arrays: Mapping[str, Any],
    source_tokens: Any,
    target_tokens: Any,
    *,
    start: Any,
    end: Any,
) -> Any:
    """An `EncoderDecoder` of GRU layers with weights in PyTorch's layout.

    One layer reads, and its last state is the first one of the layer that writes; there
    is no attention. The names are those of the checkpoint in the package g2p-en.

    Args:
        arrays: a mapping, as `np.load` gives: `enc_emb` `(source tokens, embedding)`,
            `enc_w_ih` `(3 * units, embedding)`, `enc_w_hh` `(3 * units, units)`,
            `enc_b_ih`, `enc_b_hh` `(3 * units,)`, the same with `dec_`, `fc_w` `(target
            tokens, units)`, `fc_b` `(target tokens,)`.
        source_tokens: their number, or a list of them, as of `EncoderDecoder`; the
            first one is the padding, which must not be read.
        target_tokens: as `source_tokens`.
        start: int. The id of the token that the first step is given.
        end: int. The id of the token behind which there is nothing.

    Returns:
        `EncoderDecoder`.

    Raises:
        ValueError: if arrays are missing, or of other shapes.

    Example:
    >>> one = {"w_ih": (6, 3), "w_hh": (6, 2), "b_ih": (6,), "b_hh": (6,)}
    >>> shapes = {f"{part}_{k}": v for part in ("enc", "dec") for k, v in one.items()}
    >>> shapes |= {"enc_emb": (9, 3), "dec_emb": (7, 3), "fc_w": (7, 2), "fc_b": (7,)}
    >>> arrays = {name: np.ones(shape) for name, shape in shapes.items()}
    >>> encoder_decoder_from_torch(arrays, 9, 7, start=1, end=2).num_target
    7
    """
    weights = [f"{part}_{name}" for part in ("enc", "dec") for name in _TORCH_GRU]
    missing = {*weights, "enc_emb", "dec_emb", "fc_w", "fc_b"} - set(arrays)
    if missing:
        raise ValueError(
            "`arrays` must hold the weights of an encoder and a decoder. Received: "
            f"arrays without {', '.join(sorted(missing))}."
        )
    width, units = arrays["enc_emb"].shape[1], arrays["enc_w_hh"].shape[1]
    model = EncoderDecoder(
        source_tokens,
        target_tokens,
        units,
        cell="GRU",
        embedding_dim=width,
        bridge="copy",
        start=start,
        end=end,
    )
    grus = {
        part: from_torch({new: arrays[f"{part}_{k}"] for k, new in _TORCH_GRU.items()})
        for part in ("enc", "dec")
    }
    fitting = [
        (model.source_embedding, [arrays["enc_emb"]]),
        (model.target_embedding, [arrays["dec_emb"]]),
        (model.encoder[0], grus["enc"].get_weights()),
        (model.decoder, grus["dec"].get_weights()),
        (model.output_layer, [arrays["fc_w"].T, arrays["fc_b"]]),
    ]
    for layer, values in fitting:
        given = [np.shape(value) for value in values]
        expected = [tuple(weight.shape) for weight in layer.weights]
        if given != expected:
            raise ValueError(
                f"`arrays` must be of shapes that fit {layer.name}, {expected}. "
                f"Received: {given}."
            )
        layer.set_weights(values)
    return model


_TORCH_GRU = {
    "w_ih": "weight_ih_l0",
    "w_hh": "weight_hh_l0",
    "b_ih": "bias_ih_l0",
    "b_hh": "bias_hh_l0",
}


def _kind_of(arrays):
    rows, columns = arrays["weight_ih_l0"].shape[0], arrays["weight_hh_l0"].shape[1]
    if "weight_hr_l0" in arrays:
        return "ProjectedLSTM", rows // 4
    kinds = {1: "SimpleRNN", 3: "GRU", 4: "LSTM"}
    if rows % columns or rows // columns not in kinds:
        raise ValueError(
            "`state_dict` must hold weights of 1, 3 or 4 gates. Received: weight_ih_l0 "
            f"of {rows} rows for {columns} units."
        )
    return kinds[rows // columns], columns


def _read_torch(arrays, suffix, kind, layer):
    """Gives one direction of one layer the weights `…_l0`."""

    def get(name, shape):
        array = arrays.get(name + suffix)
        if array is None or array.shape != shape:
            raise ValueError(
                f"`state_dict` must hold {name}{suffix} of shape {shape}. Received: "
                f"{'nothing' if array is None else array.shape}."
            )
        return array

    def reordered(array):
        order = layer.cell.elsewhere["torch"]
        blocks = dict(zip(order, np.split(array, len(order)), strict=True))
        return np.concatenate([blocks[block] for block in layer.cell.blocks])

    weights = {weight.name: weight for weight in layer.cell.weights}
    kernel, recurrent = weights["kernel"], weights["recurrent_kernel"]
    rows = kernel.shape[1]
    kernel.assign(reordered(get("weight_ih", (rows, kernel.shape[0]))).T)
    recurrent.assign(reordered(get("weight_hh", (rows, recurrent.shape[0]))).T)
    if "projection_kernel" in weights:
        projection = weights["projection_kernel"]
        projection.assign(get("weight_hr", projection.shape[::-1]).T)
    if "bias" in weights:
        of_input, of_state = (
            reordered(get(name, (rows,))) for name in ("bias_ih", "bias_hh")
        )
        together = [of_input, of_state] if kind == "GRU" else of_input + of_state
        weights["bias"].assign(np.array(together))


def to_torch(layers: Any, *, numpy: bool = False) -> Any:
    """The weights of recurrent layers as the `state_dict` of one PyTorch module.

    `torch.nn.LSTM(features, units, num_layers, batch_first=True, …)` takes it with
    `load_state_dict`; so do `GRU` and `RNN`. Where ours has one bias, PyTorch's second
    one is zero.

    Args:
        layers: a `SimpleRNN`, `LSTM`, `GRU` or `ProjectedLSTM` layer of the zoo, one of
            Keras's, such a layer in `Bidirectional`, a list of them, or a model that
            has nothing else; built. All of one kind and width.
        numpy: bool. Arrays instead of tensors; then PyTorch is not needed.

    Returns:
        dict of `weight_ih_l0`, …, in PyTorch's order.

    Raises:
        ImportError: if PyTorch is missing and `numpy` is False.
        TypeError: if there is another layer.
        ValueError: if PyTorch has no module that computes the same.

    Example:
    >>> layer = GRU(4)
    >>> _ = layer(np.zeros((1, 2, 3)))
    >>> sorted(to_torch(layer, numpy=True))
    ['bias_hh_l0', 'bias_ih_l0', 'weight_hh_l0', 'weight_ih_l0']
    """
    if isinstance(layers, keras.Model):
        layers = [
            layer
            for layer in layers.layers
            if not isinstance(layer, (keras.layers.InputLayer, keras.layers.Dropout))
        ]
    layers = layers if isinstance(layers, (list, tuple)) else [layers]
    if not layers:
        raise ValueError("`layers` must not be empty. Received: layers=[].")
    first, result = None, {}
    for i, layer in enumerate(layers):
        both = isinstance(layer, keras.layers.Bidirectional)
        parts = [layer.forward_layer, layer.backward_layer] if both else [layer]
        if both and layer.merge_mode != "concat":
            _refuse(f"merge_mode={layer.merge_mode!r}")
        for part, suffix in zip(parts, ("", "_reverse"), strict=False):
            kind = _checked_kind(part, backwards=suffix == "_reverse")
            shape = (kind, both, part.cell.units, part.use_bias)
            shape += (part.activation, getattr(part, "projection_units", None))
            first = first or shape
            if shape != first:
                _refuse(f"layers that differ: {_words(first)} and {_words(shape)}")
            result.update(_written_torch(part, kind, f"_l{i}{suffix}"))
    if numpy:
        return result
    try:
        import torch  # pyright: ignore[reportMissingImports]  # of no extra
    except ImportError as error:
        raise ImportError(
            "`to_torch` needs PyTorch for tensors: pip install torch. "
            "With numpy=True it gives arrays."
        ) from error
    return {key: torch.from_numpy(array.copy()) for key, array in result.items()}


def _blocks(kind: str) -> Any:
    """The blocks of a layer's weights in our order, and in PyTorch's."""
    cell = getattr(zoo, f"{kind}Cell")
    elsewhere = cell.elsewhere  # a property, where it depends on arguments
    if not isinstance(elsewhere, dict):
        elsewhere = cell(1).elsewhere
    return cell.blocks, elsewhere.get("torch")


def _torch_kinds():
    """Names of the zoo's layers that PyTorch has."""
    return [kind for kind in zoo.recurrent_layers() if _blocks(kind)[1]]


def _words(shape):
    kind, both, units, use_bias, activation, _ = shape
    direction = "bidirectional " if both else ""
    return (
        f"{direction}{kind}({units}, use_bias={use_bias}, "
        f"activation={activation.__name__})"
    )


def _refuse(received):
    raise ValueError(
        "`layers` must be such that one PyTorch module computes the same. Received: "
        f"{received}."
    )


def _checked_kind(layer, backwards):
    kind = type(layer).__name__
    ours = isinstance(layer, zoo.RNN)
    known = _torch_kinds()
    if kind not in known or type(layer) is not getattr(
        zoo if ours else keras.layers, kind, None
    ):
        raise TypeError(
            f"`layers` must be of {', '.join(known)}, alone or in "
            f"Bidirectional. Received: a layer of type {kind}."
        )
    if not layer.built:
        raise ValueError(
            f"`layers` must be built. Received: {layer.name!r} without weights."
        )
    if layer.go_backwards != backwards:
        _refuse("go_backwards=True")
    if kind == "GRU" and not layer.reset_after:
        _refuse("reset_after=False")
    activations = ("tanh", "relu") if kind == "SimpleRNN" else ("tanh",)
    if layer.activation.__name__ not in activations:
        _refuse(f"activation={layer.activation.__name__!r}")
    if kind != "SimpleRNN" and layer.recurrent_activation.__name__ != "sigmoid":
        _refuse(f"recurrent_activation={layer.recurrent_activation.__name__!r}")
    if ours and any(layer.cell.zoneout_rates):
        _refuse(f"zoneout={layer.zoneout!r}")
    if ours and layer.trainable_initial_state:
        _refuse("trainable_initial_state=True")
    return kind


def _written_torch(layer, kind, suffix):
    ours, theirs = _blocks(kind)

    def reordered(array):
        blocks = dict(zip(ours, np.split(array, len(ours), axis=-1), strict=True))
        return np.concatenate([blocks[block] for block in theirs], axis=-1)

    weights = {w.name: np.asarray(w.numpy(), "float32") for w in layer.cell.weights}
    result = {
        "weight_ih": reordered(weights["kernel"]).T,
        "weight_hh": reordered(weights["recurrent_kernel"]).T,
    }
    if "bias" in weights:
        bias = reordered(weights["bias"])
        pair = bias if kind == "GRU" else (bias, np.zeros_like(bias))
        result["bias_ih"], result["bias_hh"] = pair
    if "projection_kernel" in weights:
        result["weight_hr"] = weights["projection_kernel"].T
    return {name + suffix: array for name, array in result.items()}


# --- TensorFlow Addons

# Names of the weights there, in the order of `get_weights`.
_ADDONS = {
    "ESNCell": ("recurrent_kernel", "kernel", "bias"),
    "NASCell": ("recurrent_kernel", "kernel", "bias", "projection_weights"),
    "LayerNormSimpleRNNCell": ("kernel", "recurrent_kernel", "bias", "gamma"),
    "PeepholeLSTMCell": (
        *("kernel", "recurrent_kernel", "bias", "input_gate_peephole_weights"),
        *("forget_gate_peephole_weights", "output_gate_peephole_weights"),
    ),
    "LayerNormLSTMCell": (
        *("kernel", "recurrent_kernel", "bias", "kernel_norm/gamma"),
        *("kernel_norm/beta", "recurrent_norm/gamma", "recurrent_norm/beta"),
        *("state_norm/gamma", "state_norm/beta"),
    ),
}
# Its defaults that are not ours, and what it cannot be told.
_ADDONS_FIXED = {
    "LayerNormLSTMCell": {"carry_normalised": True},
    "NASCell": {"activation": "tanh", "recurrent_activation": "sigmoid"},
}
# What says nothing once there are weights, or nothing here.
_SAYS_NOTHING = (
    *("name", "implementation", "norm_beta_initializer", "projection"),
    *("batch_input_shape", "ragged"),
)


def from_addons(
    name: str | None, weights: Sequence[Any], config: dict[str, Any] | None = None
) -> Any:
    """A cell of the zoo with the weights of a cell of TensorFlow Addons.

    It computes the same. What differs here, and how it is brought over:

    * `LayerNormLSTMCell`: `norm_epsilon` is `epsilon` (the other name is taken, too);
      the offsets of the two norms that are added are one with the bias, so that nine
      weights become seven; Addons carries the normalised memory from step to step,
      which the paper does not, and `carry_normalised=True` does.
    * `LayerNormSimpleRNNCell`: `layernorm_epsilon` is `epsilon`, here 0.001 and there
      0.00001 unless said otherwise.
    * `PeepholeLSTMCell`: the three vectors of peepholes stand side by side.
    * `NASCell` and `ESNCell`: Addons has the recurrent kernel first. Addons' NASCell
      has no bias unless asked for; its `projection` is `projection_units`.

    Args:
        name: str. Name of the class: "ESNCell", "LayerNormLSTMCell",
            "LayerNormSimpleRNNCell", "NASCell" or "PeepholeLSTMCell".
        weights: list of arrays, in the order of the cell's `get_weights()`, which is
            also that of a `tf.keras.layers.RNN` around it.
        config: dict, what its `get_config()` gives; None: Addons' defaults.

    Returns:
        The cell, built. `keras_rnn_zoo.RNN` carries it through a sequence.

    Raises:
        ValueError: if `name` is another one, if the weights are of other shapes, or if
            `config` has what there is nothing for.

    Example:
    >>> weights = [np.ones((4, 32)), np.ones((3, 32))]
    >>> cell = from_addons("NASCell", weights)
    >>> cell.units, cell.use_bias
    (4, False)
    """
    if name not in _ADDONS:
        raise ValueError(
            f"`name` must be one of {', '.join(_ADDONS)}. Received: name={name!r}."
        )
    cls, config = getattr(zoo, name), dict(config or {})
    theirs = _named_addons(name, [np.asarray(one) for one in weights])
    epsilon = {"LayerNormSimpleRNNCell": 1e-5, "LayerNormLSTMCell": 1e-3}.get(name)
    arguments = {} if epsilon is None else {"epsilon": epsilon}
    arguments |= {
        cls.also_named.get(key, key): value
        for key, value in config.items()
        if key not in _SAYS_NOTHING
    }
    ours = _from_addons_weights(name, theirs)
    units = ours["recurrent_kernel"].shape[-1] // len(cls.blocks)
    arguments |= {"units": units, "use_bias": "bias" in ours}
    if "projection_kernel" in ours:
        arguments["projection_units"] = ours["projection_kernel"].shape[-1]
    arguments |= _ADDONS_FIXED.get(name, {})
    unknown = set(arguments) - set(cls.arguments) - {"dtype", "trainable"}
    if unknown:
        raise ValueError(
            f"`config` must be that of a {name} of TensorFlow Addons. Received: config "
            f"with {', '.join(sorted(unknown))}."
        )
    cell = cls(**arguments)
    cell.build((None, ours["kernel"].shape[0]))
    expected = {weight.name: tuple(weight.shape) for weight in cell.weights}
    given = {key: ours[key].shape if key in ours else None for key in expected}
    if given != expected:
        raise ValueError(
            f"`weights` must be those of a {name}, here {expected}. Received: weights "
            f"that are {given}."
        )
    for weight in cell.weights:
        weight.assign(ours[weight.name])
    return cell


def to_addons(cell: Any) -> Any:
    """The config and the weights of the TensorFlow Addons cell that computes the same.

    There, `cell = tfa.rnn.<name>(**config)`, then `cell.build((None, features))` and
    `cell.set_weights(weights)`. What differs is told at `from_addons`. The config holds
    what computing needs, and no initializers, regularizers or constraints.

    Args:
        cell: an `ESNCell`, `LayerNormLSTMCell` with `carry_normalised`,
            `LayerNormSimpleRNNCell`, `NASCell` or `PeepholeLSTMCell`, built; or the
            layer of one.

    Returns:
        `(config, weights)`: a dict, and a list of arrays in Addons' order.

    Raises:
        TypeError: if it is another cell.
        ValueError: if it is not built, or does what the other cannot, as zoneout.

    Example:
    >>> layer = PeepholeLSTM(4)
    >>> _ = layer(np.zeros((1, 2, 3)))
    >>> config, weights = to_addons(layer)
    >>> config["units"], [array.shape for array in weights]
    (4, [(3, 16), (4, 16), (16,), (4,), (4,), (4,)])
    """
    cell = getattr(cell, "cell", cell)
    name = type(cell).__name__
    if name not in _ADDONS or type(cell) is not getattr(zoo, name):
        raise TypeError(
            f"`cell` must be one of {', '.join(_ADDONS)}. "
            f"Received: cell of type {name}."
        )
    if not cell.built:
        raise ValueError(
            f"`cell` must be built. Received: {cell.name!r} without weights."
        )
    said = cell.argument_config()
    refused = {"trainable_initial_state": False, **_ADDONS_FIXED.get(name, {})}
    for key, value in refused.items():
        if said[key] != value:
            _cannot_be_addons(f"{key}={said[key]!r}")
    if any(cell.zoneout_rates):
        _cannot_be_addons(f"zoneout={said['zoneout']!r}")
    for key in ("dropout", "recurrent_dropout"):
        if said[key] and name in ("ESNCell", "NASCell"):
            _cannot_be_addons(f"{key}={said[key]!r}")
    theirs = {other: key for key, other in cell.also_named.items()}
    dropped = ("seed", "zoneout", *refused)
    kinds = ("_initializer", "_regularizer", "_constraint")
    config = {
        theirs.get(key, key): value
        for key, value in said.items()
        if key not in dropped and not key.endswith(kinds)
    }
    if not all(
        isinstance(config.get(key, ""), str)
        for key in ("activation", "recurrent_activation")
    ):
        _cannot_be_addons("an activation without a name")
    ours = {w.name: keras.ops.convert_to_numpy(w.value) for w in cell.weights}
    weights = _to_addons_weights(name, ours)
    return config, [weights[key] for key in _ADDONS[name] if key in weights]


def _cannot_be_addons(what):
    raise ValueError(
        "`cell` must be such that one of TensorFlow Addons computes the same. "
        f"Received: cell with {what}."
    )


def _named_addons(name, weights):
    """The weights by name; there is none of the bias where it is not used."""
    names = list(_ADDONS[name])
    if name == "NASCell" and (len(weights) < 3 or weights[-1].ndim == 1):
        names.remove("projection_weights")
    few = [one for one in names if one != "bias"]
    if len(weights) not in (len(names), len(few)):
        raise ValueError(
            f"`weights` must be the {len(names)} of a {name}, {', '.join(names)}, or "
            f"all but the bias. Received: weights of {len(weights)} arrays."
        )
    return dict(zip(few if len(weights) == len(few) else names, weights, strict=True))


_PEEPHOLES = _ADDONS["PeepholeLSTMCell"][3:]


def _from_addons_weights(name, theirs):
    ours = {key: value for key, value in theirs.items() if key.isidentifier()}
    if "projection_weights" in ours:
        ours["projection_kernel"] = ours.pop("projection_weights")
    if name == "PeepholeLSTMCell":
        ours["peephole_kernel"] = np.concatenate([ours.pop(key) for key in _PEEPHOLES])
    if name == "LayerNormLSTMCell":
        added = theirs["kernel_norm/beta"] + theirs["recurrent_norm/beta"]
        ours["bias"] = added + theirs.get("bias", 0)
        ours["kernel_gamma"] = theirs["kernel_norm/gamma"]
        ours["recurrent_gamma"] = theirs["recurrent_norm/gamma"]
        ours["state_gamma"] = theirs["state_norm/gamma"]
        ours["state_beta"] = theirs["state_norm/beta"]
    return ours


def _to_addons_weights(name, ours):
    theirs = dict(ours)
    if "projection_kernel" in theirs:
        theirs["projection_weights"] = theirs.pop("projection_kernel")
    if name == "PeepholeLSTMCell":
        parts = np.split(theirs.pop("peephole_kernel"), 3)
        theirs.update(zip(_PEEPHOLES, parts, strict=True))
    if name == "LayerNormLSTMCell":
        nothing = np.zeros_like(ours["kernel_gamma"])
        theirs |= {
            "kernel_norm/gamma": ours["kernel_gamma"],
            "kernel_norm/beta": nothing,
            "recurrent_norm/gamma": ours["recurrent_gamma"],
            "recurrent_norm/beta": nothing,
            "state_norm/gamma": ours["state_gamma"],
            "state_norm/beta": ours["state_beta"],
        }
    return theirs


# --- torchrecurrent


class _Theirs:
    """How a cell of torchrecurrent 0.2.5 is laid out, in names of our blocks.

    `kernel` and `recurrent` are the blocks of `weight_ih` and `weight_hh` in their
    order; `products` those of other matrices that are parts of our recurrent_kernel;
    `further` says what else is which weight of ours; `bias` gives blocks of theirs
    other names, and `apart` those whose recurrent bias has no place here.
    """

    def __init__(
        self,
        ours,
        kernel,
        recurrent=None,
        products=None,
        further=None,
        bias=None,
        **rest,
    ):
        self.ours, self.kernel = ours, kernel.split()
        self.recurrent = (kernel if recurrent is None else recurrent).split()
        self.products = {k: v.split() for k, v in (products or {}).items()}
        self.further, self.bias = further or {}, bias or {}
        self.apart = rest.get("apart", "").split()


_TORCHRECURRENT = {
    "ATRCell": _Theirs("ATR", "h", apart="h"),
    "AntisymmetricRNNCell": _Theirs("AntisymmetricRNN", "h"),
    "BRCell": _Theirs("BRC", "a c h", "a c"),
    "CFNCell": _Theirs("CFN", "f i h", "f i"),
    "coRNNCell": _Theirs(
        "CoRNN", "h", further={"weight_ch": "velocity_kernel"}, bias={"bias_ch": "h"}
    ),
    "DSGUCell": _Theirs(
        "DSGU", "g z", further={"weight_ho": "output_kernel"}, apart="g"
    ),
    "FastGRNNCell": _Theirs("FastGRNN", "h", bias={"bias_ih": "z h", "bias_hh": "z h"}),
    "FastRNNCell": _Theirs("FastRNN", "h"),
    "GatedAntisymmetricRNNCell": _Theirs("GatedAntisymmetricRNN", "z h", "h"),
    "IndRNNCell": _Theirs("IndRNN", "h", "", {"vector_u": "h"}, bias={"bias_hh": "h"}),
    "IntersectionRNNCell": _Theirs("IntersectionRNN", "y h gy gh"),
    "JANETCell": _Theirs("JANET", "f c"),
    "LiGRUCell": _Theirs("LiGRU", "z h"),
    "LightRUCell": _Theirs("LightRU", "h f", "f"),
    "MCLSTMCell": _Theirs("MemoryControllerLSTM", "f i o m c"),
    "MGUCell": _Theirs("MGU", "f h"),
    "MUT3Cell": _Theirs("MUT3", "z r h"),
    "MiRU1Cell": _Theirs("MiRU1", "r h"),
    "MiRU2Cell": _Theirs("MiRU2", "h"),
    "MinimalRNNCell": _Theirs(
        "MinimalRNN", "z", "u", further={"weight_mm": "mapped_kernel"}
    ),
    "MultiplicativeLSTMCell": _Theirs(
        *("MultiplicativeLSTM", "m i f c o", "m", {"weight_mh": "i f c o"}),
        bias={"bias_mh": "i f c o"},
    ),
    "NBRCell": _Theirs("NBRC", "a c h", "a c"),
    "OriginalLSTMCell": _Theirs("OriginalLSTM", "i c o"),
    "PeepholeLSTMCell": _Theirs(
        "PeepholeLSTM", "i f c o", further={"weight_ph": "peephole_kernel"}
    ),
    "RANCell": _Theirs("RAN", "c i f", "i f", bias={"bias_ih": "i f"}),
    "ResLSTMCell": _Theirs(
        *("ResLSTM", "i f c o"),
        further={
            "weight_ph": "peephole_kernel",
            "weight_proj": "projection_kernel",
            "weight_res": "residual_kernel",
        },
    ),
    "SGRNCell": _Theirs("SGRN", "f", apart="f"),
    "SGUCell": _Theirs("SGU", "g z", apart="g"),
    "STARCell": _Theirs("STAR", "z k", "k"),
    "TGRUCell": _Theirs("TGRU", "z f o", further={"weight_hh": "previous_kernel"}),
    "TLSTMCell": _Theirs("TLSTM", "z f o", further={"weight_hh": "previous_kernel"}),
    "TRNNCell": _Theirs("TRNN", "z f"),
    "tauGRUCell": _Theirs("TauGRU", "n z g a"),
    "UGRNNCell": _Theirs("UGRNN", "h g"),
    "UnICORNNCell": _Theirs("UnICORNN", "h", further={"weight_ch": "pace"}),
    "WMCLSTMCell": _Theirs(
        *("WMCLSTM", "i f c o"),
        further={"weight_mh": "memory_kernel", "bias_mh": "memory_bias"},
    ),
}
# Cells that compute something else there.
_OTHER_EQUATIONS = {
    "LEMCell": "makes y of the old z",
    "MUT1Cell": "has a kernel within the inner tanh",
    "MUT2Cell": "has a kernel in the reset gate",
    "NASCell": "has a sum for the product of branch 3",
    "SCRNCell": "sends h through a tanh of its own",
}


def from_torchrecurrent(name: str, state_dict: Any, **options: Any) -> Any:
    """A cell of the zoo with the weights of a cell of torchrecurrent.

    36 of its 41 cells compute what ours do, those of constants and activations given;
    five do not, and are refused. There FastGRNN's gate goes through tanh unless
    `nonlinearity="sigmoid"`, and SGU's and DSGU's through the piecewise linear σ that
    here is `recurrent_activation="hard_sigmoid"`.

    Args:
        name: str. Name of the class, as "MGUCell", or of its layer, "MGU".
        state_dict: of the cell, `{"weight_ih": …, "weight_hh": …, "bias_ih": …}`, or
            of a layer with one cell, whose names begin with `cells.0.`; tensors or
            arrays.
        **options: arguments of our cell that are no weights, as `step_size`, `delay`.

    Returns:
        The cell, built. `keras_rnn_zoo.RNN` carries it through a sequence.

    Raises:
        ValueError: if `name` is another one, or computes something else there; if a
            bias is not zero for which there is no place here; if weights are missing.

    Example:
    >>> weights = {"weight_ih": np.ones((8, 3)), "weight_hh": np.ones((8, 4))}
    >>> cell = from_torchrecurrent("MGU", weights)
    >>> cell.units, cell.use_bias
    (4, False)
    """
    name = name if name.endswith("Cell") else f"{name}Cell"
    if name in _OTHER_EQUATIONS:
        raise ValueError(
            "`name` must be of a cell that computes the same here. Received: "
            f"name={name!r}, which {_OTHER_EQUATIONS[name]}."
        )
    if name not in _TORCHRECURRENT:
        raise ValueError(
            f"`name` must be one of {', '.join(_TORCHRECURRENT)}. "
            f"Received: name={name!r}."
        )
    theirs = _TORCHRECURRENT[name]
    cls = getattr(zoo, f"{theirs.ours}Cell")
    arrays = {
        key.removeprefix("cells.0."): np.asarray(
            value.detach().cpu() if hasattr(value, "detach") else value
        )
        for key, value in state_dict.items()
    }
    if "weight_ih" not in arrays:
        raise ValueError(
            "`state_dict` must be that of one cell, with `weight_ih`. Received: "
            f"state_dict with {', '.join(arrays) or 'nothing'}."
        )
    units = len(arrays["weight_ih"]) // len(theirs.kernel)
    ours = _from_torchrecurrent_weights(theirs, cls, arrays, units)
    if name == "JANETCell" and "beta" in arrays:
        options = {"beta": float(arrays["beta"]), **options}
    options = {"dtype": str(arrays["weight_ih"].dtype), **options}
    if "use_bias" in cls.arguments:
        options["use_bias"] = "bias" in ours
    cell = cls(units, **options)
    cell.build((None, arrays["weight_ih"].shape[1]))
    missing = {
        w.name
        for w in cell.weights
        if tuple(w.shape) != ours.get(w.name, np.zeros(0)).shape
    }
    if missing:
        raise ValueError(
            f"`state_dict` must be that of a {name}. Received: state_dict without "
            f"what makes {', '.join(sorted(missing))}."
        )
    for weight in cell.weights:
        weight.assign(ours[weight.name])
    return cell


def _from_torchrecurrent_weights(theirs, cls, arrays, units):
    """`{our name: array}`."""

    def parts(key, blocks):
        return dict(zip(blocks, np.split(arrays[key].T, len(blocks), -1), strict=True))

    def beside(found, blocks):
        return np.concatenate([found[block] for block in blocks], -1)

    ours = {"kernel": beside(parts("weight_ih", theirs.kernel), cls.blocks)}
    recurrent = {}
    matrices = {"weight_hh": theirs.recurrent, **theirs.products}
    for key, blocks in matrices.items():
        if blocks and key in arrays and key not in theirs.further:
            recurrent |= parts(key, blocks)
    if recurrent:
        blocks = cls.recurrent_blocks or cls.blocks
        ours["recurrent_kernel"] = beside(
            recurrent, [b for b in blocks if b in recurrent]
        )
    biases = {"bias_ih": theirs.kernel, "bias_hh": theirs.recurrent}
    biases |= {key: blocks.split() for key, blocks in theirs.bias.items()}
    bias = {block: np.zeros(units) for block in cls.bias_blocks or cls.blocks}
    used = [key for key in biases if biases[key] and key in arrays]
    for key in used:
        for block, value in parts(key, biases[key]).items():
            no_place = block not in bias or (key != "bias_ih" and block in theirs.apart)
            if not no_place:
                bias[block] = bias[block] + value
            elif np.any(value):
                raise ValueError(
                    f"`state_dict` must have zeros where {cls.__name__} has no bias. "
                    f"Received: state_dict with another {key} of block {block}."
                )
    if used:
        ours["bias"] = beside(bias, bias)
    for key, value in arrays.items():
        if key in theirs.further:
            ours[theirs.further[key]] = value.T
        elif key in ("alpha", "beta", "zeta", "nu"):
            ours[key] = value
    return ours
