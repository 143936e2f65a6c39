"""One table of what a cell may be told, from which signature, checks and config follow.

`GatedCell` and `RecurrentLayer` read it; a cell adds its own rows with
`extra_arguments` and drops rows with `without_arguments`.
"""

import inspect
import operator
import typing
from collections.abc import Collection

import keras
import numpy as np

from keras_rnn_zoo.ops.checks import (
    fail,
    integer,
    number,
    positive_integer,
    positive_number,
    rate,
    share,
)


class Argument(typing.NamedTuple):
    """A constructor argument of a cell.

    Attributes:
        kind: str. A key of `KINDS`: how it is checked, stored and serialised.
        default: its default; `REQUIRED` if it has none.
        after: str. Name of the argument that it follows in the signature; `None` to
            stand right before `seed`, as Keras does.
    """

    kind: str
    default: object
    after: str | None = None


REQUIRED = inspect.Parameter.empty


def rates(name: str, value: typing.Any) -> float | tuple[float, ...]:
    """Returns a rate, or a tuple for a sequence of rates; raises like `rate`."""
    if not isinstance(value, list | tuple):
        return rate(name, value)
    try:
        return tuple(rate(name, one) for one in value)
    except (TypeError, ValueError) as error:
        fail(name, "numbers with 0 <= rate < 1", value, type(error))


def without_keras_2(kwargs: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """Arguments of a layer without what Keras 2 had and Keras 3 has not.

    Raises:
        ValueError: if one of them says something, with what to write instead.
    """
    kwargs = dict(kwargs)
    if kwargs.pop("time_major", False):
        fail(
            "time_major",
            "False",
            True,
            fix=" Swap the first two axes of the sequences, for which Keras 3 has only "
            "(batch, time, features): `keras.ops.transpose(x, (1, 0, 2))`.",
        )
    for name in ("batch_input_shape", "input_dim", "input_length"):
        if kwargs.get(name) is not None:
            fail(
                name,
                "left out: Keras 3 has it no longer",
                kwargs[name],
                fix=" Begin the model with `keras.Input((time, features), "
                "batch_size=…)`, where time and batch_size may be None.",
            )
        kwargs.pop(name, None)
    return kwargs


def _positive_integer_or_none(name, value):
    return None if value is None else positive_integer(name, value)


def one_of(name: str, value: typing.Any, choices: Collection[str]) -> str:
    """Returns `value`, or raises if it is none of the names `choices`."""
    if not isinstance(value, str) or value not in choices:
        fail(name, f"one of {', '.join(map(repr, choices))}", value)
    return value


def flag(name: str, value: typing.Any) -> bool:
    """Returns `value` as a bool, or raises if it is neither True nor False."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
        fail(name, "True or False", value, TypeError)
    return bool(value)


def _seed(name, value):
    if value is None:
        return None
    expected = "an integer of at most 64 bits, or None"
    if not -(2**63) <= integer(name, value, expected) < 2**63:
        fail(name, expected, value)
    return operator.index(value)


def _keras_object(module, what):
    def get(name, value):
        try:
            if isinstance(value, np.generic):
                value = value.item()  # a number, and no tensor to begin with
            found = module.get(_registered(value))
            if found is None or callable(found):  # any class's object is let through
                return found
            raise TypeError
        except (ValueError, TypeError) as error:
            fail(
                name,
                f"{what} that Keras knows: a name, a config, an object or None",
                value,
                type(error),
            )

    return get, module.serialize


def _registered(value):
    """What a registered name stands for, which Keras 3.16 looks up no longer."""
    if not isinstance(value, str) or ">" not in value:
        return value
    found = keras.saving.get_registered_object(value)
    return value if found is None else found() if inspect.isclass(found) else found


def _same(value):
    return value


def _as_list(value):
    return list(value) if isinstance(value, tuple) else value


KINDS = {
    "positive integer": (positive_integer, _same),
    "positive integer or None": (_positive_integer_or_none, _same),
    "number": (number, _same),
    "positive number": (positive_number, _same),
    "rate": (rate, _same),
    "share": (share, _same),
    "rates": (rates, _as_list),
    "flag": (flag, _same),
    "seed": (_seed, _same),
    "activation": _keras_object(keras.activations, "an activation"),
    "initializer": _keras_object(keras.initializers, "an initializer"),
    "regularizer": _keras_object(keras.regularizers, "a regularizer"),
    "constraint": _keras_object(keras.constraints, "a constraint"),
}


def checked(kind: str, name: str, value: typing.Any) -> typing.Any:
    """Returns `value` as its kind, a key of `KINDS`, stores it; raises if it is not."""
    return KINDS[kind][0](name, value)


def first_value(
    initializer: typing.Any, shape: tuple[int, ...], dtype: str | None = None
) -> typing.Any:
    """What an initializer makes; of None what `add_weight` takes, Glorot's uniform."""
    initializer = initializer or keras.initializers.GlorotUniform()
    return initializer(shape, dtype=dtype)


CELL_ARGUMENTS = {
    "units": Argument("positive integer", REQUIRED),
    "activation": Argument("activation", "tanh"),
    "recurrent_activation": Argument("activation", "sigmoid"),
    "use_bias": Argument("flag", True),
    "kernel_initializer": Argument("initializer", "glorot_uniform"),
    "recurrent_initializer": Argument("initializer", "orthogonal"),
    "bias_initializer": Argument("initializer", "zeros"),
    "kernel_regularizer": Argument("regularizer", None),
    "recurrent_regularizer": Argument("regularizer", None),
    "bias_regularizer": Argument("regularizer", None),
    "kernel_constraint": Argument("constraint", None),
    "recurrent_constraint": Argument("constraint", None),
    "bias_constraint": Argument("constraint", None),
    "dropout": Argument("rate", 0.0),
    "recurrent_dropout": Argument("rate", 0.0),
    "seed": Argument("seed", None),
    "zoneout": Argument("rates", 0.0),
    "trainable_initial_state": Argument("flag", False),
}
# What there is to say of U; nothing where a cell has none.
OF_RECURRENT = (
    "recurrent_initializer",
    "recurrent_regularizer",
    "recurrent_constraint",
    "recurrent_dropout",
)
# What Keras's cells do not have stands where no positional argument can reach it.
KEYWORD_ONLY = ("zoneout", "trainable_initial_state")


def assemble(
    extra: dict[str, Argument], without: Collection[str]
) -> dict[str, Argument]:
    """Returns `CELL_ARGUMENTS` with the rows `extra` put in and `without` left out.

    An extra row with the name of a common one replaces it where that stands.
    """
    table = {k: v for k, v in CELL_ARGUMENTS.items() if k not in without}
    for name, argument in extra.items():
        if name in table:
            table[name] = argument
            continue
        names = list(table)
        place = (
            names.index("seed")
            if argument.after is None
            else names.index(argument.after) + 1
        )
        names.insert(place, name)
        table[name] = argument
        table = {key: table[key] for key in names}
    return table


def signature(
    arguments: dict[str, object], keyword_only: Collection[str] = ()
) -> inspect.Signature:
    """Returns the `inspect.Signature` of a dict `{name: default}`, plus `**kwargs`."""
    parameter = inspect.Parameter
    return inspect.Signature(
        [
            parameter(name, parameter.POSITIONAL_OR_KEYWORD, default=default)
            for name, default in arguments.items()
            if name not in keyword_only
        ]
        + [
            parameter(name, parameter.KEYWORD_ONLY, default=default)
            for name, default in arguments.items()
            if name in keyword_only
        ]
        + [parameter("kwargs", parameter.VAR_KEYWORD)]
    )


class OfTheClass:
    """A `__signature__` of the constructor that instances do not have.

    `inspect.signature`, and with it `tf.function`, would else take the constructor's
    arguments for those of a call of the instance.
    """

    def __init__(self, signature):
        self.signature = signature

    def __get__(self, instance, owner=None):
        """Returns the signature to the class, and nothing to its instances."""
        if instance is not None:
            raise AttributeError("__signature__")
        return self.signature


def bind(
    cls: typing.Any, args: tuple, kwargs: dict[str, typing.Any]
) -> tuple[dict[str, typing.Any], dict[str, typing.Any]]:
    """Sorts a call's arguments by `cls.__signature__`.

    Returns:
        `(arguments, rest)`: a dict of every named argument, defaults filled in, and a
        dict of what is left for `keras.Layer`.

    Raises:
        TypeError: as Python does, for a missing or doubled argument, also where it is
            given under two names.
    """
    for other, name in cls.also_named.items():
        if other in kwargs:
            if name in kwargs:
                fail(other, f"left out beside `{name}`", kwargs[other], TypeError)
            kwargs = {**kwargs, name: kwargs[other]}
            del kwargs[other]
    try:
        bound = cls.__signature__.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{cls.__name__}: {error}") from None
    bound.apply_defaults()
    rest = bound.arguments.pop("kwargs", {})
    return dict(bound.arguments), rest
