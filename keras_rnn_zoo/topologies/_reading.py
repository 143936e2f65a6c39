"""What the ready-built models share: how they read, and how they stack layers."""

import functools
import inspect
import json
from typing import Any

import keras

from keras_rnn_zoo.layers import Bidirectional, make_recurrent
from keras_rnn_zoo.layers.core.arguments import (
    checked,
    flag,
    number,
    positive_integer,
    rate,
)
from keras_rnn_zoo.layers.core.fitting import NoClassWeights
from keras_rnn_zoo.layers.core.head import Head, heads
from keras_rnn_zoo.layers.core.kinds import Activation, DType
from keras_rnn_zoo.layers.core.parts import KeepsSettings
from keras_rnn_zoo.layers.readers.word_reader import WordReader, check_characters

DEFAULT_UNITS = 64


def check_reading(vocabulary_size, embedding_dim, num_features, mask_value):
    """Returns the four arguments that say what a model reads, checked.

    Raises:
        TypeError: if one is of the wrong kind.
        ValueError: if not exactly one of `vocabulary_size` and `num_features` is given,
            or a value is out of its range.
    """
    if (vocabulary_size is None) == (num_features is None):
        raise ValueError(
            "`vocabulary_size` must be given for integer tokens, or `num_features` for "
            "real-valued features, and not both. Received: "
            f"vocabulary_size={vocabulary_size!r}, num_features={num_features!r}."
        )
    embedding_dim = positive_integer("embedding_dim", embedding_dim)
    if num_features is not None:
        if mask_value is not None:
            mask_value = number("mask_value", mask_value)
        num_features = positive_integer("num_features", num_features)
        return None, embedding_dim, num_features, mask_value
    if mask_value is not None:
        raise ValueError(
            "`mask_value` must be None for integer tokens, whose id 0 is the padding. "
            f"Received: mask_value={mask_value!r}."
        )
    vocabulary_size = positive_integer("vocabulary_size", vocabulary_size)
    if vocabulary_size < 2:
        raise ValueError(
            "`vocabulary_size` must be at least 2: id 0 is the padding. "
            f"Received: vocabulary_size={vocabulary_size!r}."
        )
    return vocabulary_size, embedding_dim, None, None


def reader(
    vocabulary_size,
    embedding_dim,
    num_features,
    mask_value,
    dtype=None,
    characters=None,
    seed=None,
):
    """The first layer of a model: makes features and their mask, or None.

    Tokens are embedded and id 0 is masked; of features, the steps that hold nothing
    but `mask_value` are. Words with their characters go to a `WordReader`.
    """
    if characters is not None:
        return WordReader(
            vocabulary_size,
            embedding_dim,
            characters,
            seed=seed,
            name="words",
            dtype=dtype,
        )
    if vocabulary_size is not None:
        return keras.layers.Embedding(
            vocabulary_size,
            embedding_dim,
            mask_zero=True,
            name="embedding",
            dtype=dtype,
        )
    if mask_value is not None:
        return keras.layers.Masking(mask_value, name="masking", dtype=dtype)
    return None


def model_input(vocabulary_size, num_features, characters=None):
    """A symbolic batch of sequences of any length."""
    if characters is not None:
        width = 1 + characters["max_characters"]
        return keras.Input((None, width), dtype="int32", name="tokens")
    if vocabulary_size is not None:
        return keras.Input((None,), dtype="int32", name="tokens")
    return keras.Input((None, num_features), name="features")


def check_units(units, cell):
    """Returns `units` as it was given, checked, with the default filled in."""
    if units is None:
        if inspect.isclass(cell) or isinstance(cell, str):
            return DEFAULT_UNITS
        return getattr(cell, "output_size", None)
    if not isinstance(units, (list, tuple)):
        return positive_integer("units", units)
    if not units:
        raise ValueError(
            "`units` must be a positive integer or a list of them, one for each layer. "
            f"Received: units={units!r}."
        )
    return [positive_integer("units", width) for width in units]


def recurrent_stack(
    sequences, units, cell, *, return_sequences, bidirectional, seed, **arguments
):
    """One recurrent layer upon the other, named recurrent_1, recurrent_2, ….

    Args:
        sequences: symbolic `(batch, time, features)`.
        units: int, or a list with one for each layer.
        cell: see `make_recurrent`.
        return_sequences: bool. Whether the last layer returns all steps.
        bidirectional: bool.
        seed: int or None. Each layer gets a different one.
        **arguments: see `make_recurrent`.
    """
    widths = units if isinstance(units, list) else [units]
    for i, width in enumerate(widths, start=1):
        layer = make_recurrent(
            cell,
            width,
            return_sequences=return_sequences or i < len(widths),
            seed=None if seed is None else seed + i,
            name="forward" if bidirectional else f"recurrent_{i}",
            **arguments,
        )
        if bidirectional:
            layer = Bidirectional(
                layer, name=f"recurrent_{i}", dtype=arguments.get("dtype")
            )
        sequences = layer(sequences)
    return sequences


def check_head(head, allowed, output_activation):
    """Returns `(name, arguments)` of a head: a name, or a dict with a `name`.

    Raises:
        TypeError: if it is neither.
        ValueError: if the name is not in `allowed`, or `output_activation` is given
            for another one than "dense", which has none.
    """
    if not isinstance(head, (str, dict)):
        raise TypeError(
            "`head` must be a name, or a dict of a name and arguments. "
            f"Received: head={head!r}."
        )
    arguments = {"name": head} if isinstance(head, str) else dict(head)
    name = arguments.pop("name", None)
    if name not in allowed or (name == "dense" and arguments):
        raise ValueError(
            f"`head` must be {' or '.join(map(repr, allowed))}, or a dict of such a "
            f"`name` and arguments of its layer. Received: head={head!r}."
        )
    activation = checked("activation", "output_activation", output_activation)
    if name != "dense" and activation not in (
        keras.activations.softmax,
        keras.activations.linear,
    ):
        raise ValueError(
            f"`output_activation` must be left out with head={name!r}. "
            f"Received: output_activation={output_activation!r}."
        )
    return name, arguments


def make_head(name, arguments, num_outputs, activation, dtype=None):
    """The output layer, in the variable dtype; "dense": o = h V + c, then activation.

    Under mixed precision a softmax over half-precision numbers would lose the small
    probabilities, and the loss with them.
    """
    common = {"name": "output", "dtype": keras.dtype_policies.get(dtype).variable_dtype}
    if name != "dense":
        known = heads(True) | heads(False)
        return known[name](num_outputs, **arguments, **common)
    return keras.layers.Dense(num_outputs, activation=activation, **common)


def head_of(model) -> Head | None:
    """Returns the output layer of a model, if it is a `Head`."""
    last = model.layers[-1] if model.layers else None
    return last if isinstance(last, Head) else None


def serialize_cell(cell):
    """A cell given by name, class or instance as something JSON can hold."""
    if isinstance(cell, str):
        return cell
    if inspect.isclass(cell):
        return {
            "class": cell.__name__,
            "module": cell.__module__,
            "registered_name": keras.saving.get_registered_name(cell),
        }
    return keras.saving.serialize_keras_object(cell)


def deserialize_cell(config):
    """The inverse of `serialize_cell`. What is not a config comes back as it is.

    Raises:
        ValueError: if a class is not registered with Keras in this process.
    """
    if not isinstance(config, dict):
        return config
    if "class" not in config:
        return keras.saving.deserialize_keras_object(config)
    name = config["registered_name"]
    found = keras.saving.get_registered_object(name)
    if found is None and config["module"].split(".")[0] == "keras":
        found = getattr(keras.layers, name, None)
    if found is None:
        raise ValueError(
            "`cell` must be a class that Keras can find. Received: "
            f"cell={name!r} of module {config['module']!r}. Decorate it with "
            "`@keras.saving.register_keras_serializable()` and import it first."
        )
    return found


class RecurrentModel(NoClassWeights, KeepsSettings, keras.Model):
    """Base of `ManyToMany` and `ManyToOne`: reader, recurrent stack, output layer.

    A functional model with the config of its constructor. `return_sequences` says
    whether the output layer sees every step or the last one.
    """

    return_sequences: Any = None

    def __init__(
        self,
        num_outputs: int,
        units: int | list[int] | None = None,
        cell: Any = "LSTM",
        *,
        vocabulary_size: int | None = None,
        embedding_dim: int = 32,
        characters: dict[str, Any] | None = None,
        num_features: int | None = None,
        mask_value: float | None = None,
        bidirectional: bool = False,
        output_activation: Activation = "softmax",
        head: str | dict[str, Any] = "dense",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        output_dropout: float = 0.0,
        seed: int | None = None,
        name: str | None = None,
        dtype: DType = None,
    ) -> None:
        num_outputs = positive_integer("num_outputs", num_outputs)
        reading = check_reading(
            vocabulary_size, embedding_dim, num_features, mask_value
        )
        vocabulary_size, embedding_dim, num_features, mask_value = reading
        if characters is not None:
            characters = check_characters(characters)
            if vocabulary_size is None:
                raise ValueError(
                    "`characters` must be None for real-valued features. Received: "
                    f"characters={characters!r}, num_features={num_features!r}."
                )
        units = check_units(units, cell)
        bidirectional = flag("bidirectional", bidirectional)
        dropout = rate("dropout", dropout)
        recurrent_dropout = rate("recurrent_dropout", recurrent_dropout)
        output_dropout = rate("output_dropout", output_dropout)
        allowed = ("dense", *heads(self.return_sequences))
        head_name, head_arguments = check_head(head, allowed, output_activation)
        activation = checked("activation", "output_activation", output_activation)
        seed = checked("seed", "seed", seed)
        policy = keras.dtype_policies.get(dtype)

        inputs = model_input(vocabulary_size, num_features, characters)
        first = reader(*reading, dtype=policy, characters=characters, seed=seed)
        x = inputs if first is None else first(inputs)
        x = recurrent_stack(
            x,
            units,
            cell,
            return_sequences=self.return_sequences,
            bidirectional=bidirectional,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=policy,
        )
        if output_dropout:
            x = keras.layers.Dropout(
                output_dropout, seed=seed, name="output_dropout", dtype=policy
            )(x)
        output = make_head(head_name, head_arguments, num_outputs, activation, policy)
        outputs = output(x)
        super().__init__(inputs=inputs, outputs=outputs, name=name)

        self.dtype_policy = policy
        self.vocabulary_size = vocabulary_size
        self.bidirectional = bidirectional
        self.head_name = head_name
        # As text: Keras tracks what lies in a dict, and copies it with its layers.
        config = {
            "num_outputs": num_outputs,
            "units": units,
            "cell": serialize_cell(cell),
            "vocabulary_size": vocabulary_size,
            "embedding_dim": embedding_dim,
            "characters": characters,
            "num_features": num_features,
            "mask_value": mask_value,
            "bidirectional": bidirectional,
            "output_activation": keras.activations.serialize(activation),
            "head": head_name,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "output_dropout": output_dropout,
            "seed": seed,
            "dtype": keras.dtype_policies.serialize(policy),
        }
        if head_arguments:
            written = output.get_config()
            given = {key: written[key] for key in head_arguments}
            config["head"] = {"name": head_name, **given}
        self._config = json.dumps(config)
        self._is_made()

    @property
    def num_layers(self) -> int:
        """Number of recurrent layers."""
        units = self.get_config()["units"]
        return len(units) if isinstance(units, list) else 1

    @property
    def num_outputs(self) -> int:
        """Width of the output."""
        return self.get_config()["num_outputs"]

    def get_config(self) -> dict[str, Any]:
        return {**json.loads(self._config), "name": self.name, **self._changed}

    @classmethod
    def _from_arguments(cls, arguments):
        return cls(**{**arguments, "cell": deserialize_cell(arguments["cell"])})

    @functools.wraps(keras.Model.compile)
    def compile(self, *args, **kwargs):
        given = inspect.signature(keras.Model.compile).bind(self, *args, **kwargs)
        loss = given.arguments.get("loss")
        own: Any = head_of(self)
        own = own and own.own_loss()
        common = isinstance(loss, str | keras.losses.Loss)
        if own is not None and common and not isinstance(loss, type(own)):
            raise ValueError(
                f"`loss` must be `keras_rnn_zoo.{type(own).__name__}()` for "
                f"head={self.head_name!r}, whose output no other loss reads. "
                f"Received: loss={loss!r}."
            )
        super().compile(*args, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    @property
    def _weighs(self):
        head = head_of(self)
        if head is not None and head.weighs is not None:
            return head.weighs
        return "(batch, time)" if self.return_sequences else None
