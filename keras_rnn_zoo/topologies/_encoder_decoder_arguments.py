"""What an encoder-decoder is given: arguments, checked, and the data of `fit`."""

import keras

from keras_rnn_zoo.layers import (
    BahdanauAttention,
    LocationAttention,
    LuongAttention,
    MonotonicAttention,
)
from keras_rnn_zoo.layers.core.arguments import one_of, positive_integer
from keras_rnn_zoo.layers.heads.attention import Attention

BRIDGES = ("dense", "copy", "zeros")
#: An attention by its name, for decoders of so many units.
ATTENTIONS = {
    "bahdanau": lambda units, **given: BahdanauAttention(units, **given),
    "luong": lambda units, **given: LuongAttention("general", **given),
    "location": lambda units, **given: LocationAttention(units, **given),
    "monotonic": lambda units, **given: MonotonicAttention(units, **given),
}


def split(inputs):
    """`(source, target)` of a dict; of a source alone, the target is None."""
    if isinstance(inputs, dict):
        if "source" not in inputs or not set(inputs) <= {"source", "target"}:
            raise ValueError(
                "`inputs` must be a dict with 'source' and 'target'. "
                f"Received: inputs with {', '.join(map(repr, inputs))}."
            )
        return inputs["source"], inputs.get("target")
    return inputs, None


def before_a_look(x, y):
    """What JAX's `fit` takes, which calls the model on x alone before it trains."""
    if keras.backend.backend() == "tensorflow" or isinstance(x, dict):
        return x, y
    if hasattr(x, "element_spec"):
        if isinstance(x.element_spec[0], dict):
            return x, y
        return x.map(lambda s, t, *w: ({"source": s, "target": t}, t, *w)), y
    return ({"source": x, "target": y} if y is not None else x), y


def with_target(data):
    """`((source, target), target, weights)` of what `fit` is given."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    source, target = split(x)
    target = y if target is None else target
    if target is None:
        raise ValueError(
            "`y` must hold the target, (batch, time). Received: y=None. Pass (source, "
            "target) to `fit`."
        )
    inputs = {"source": source, "target": target}
    return inputs, target if y is None else y, sample_weight


def tokens_of(name, tokens):
    """`(vocabulary or None, number)` of what a constructor was given."""
    if isinstance(tokens, list | tuple):
        if len(tokens) < 2 or not all(isinstance(token, str) for token in tokens):
            raise ValueError(
                f"`{name}` must be a list of strings, of which the first one is the "
                f"padding, or their number. Received: {name}={tokens!r}."
            )
        if len(set(tokens)) != len(tokens):
            double = next(one for one in tokens if tokens.count(one) > 1)
            raise ValueError(
                f"`{name}` must name each token once. Received: {double!r} twice."
            )
        return list(tokens), len(tokens)
    number = positive_integer(name, tokens)
    if number < 2:
        raise ValueError(
            f"`{name}` must be at least 2: id 0 is the padding. "
            f"Received: {name}={tokens!r}."
        )
    return None, number


def token_of(name, value, tokens):
    value = positive_integer(name, value)
    if value >= tokens:
        raise ValueError(
            f"`{name}` must be a token of the target, from 1 to {tokens - 1}. "
            f"Received: {name}={value!r}."
        )
    return value


def attention_of(attention, units, dtype):
    if attention is None:
        return None
    if isinstance(attention, str):
        one_of("attention", attention, tuple(ATTENTIONS))
        return ATTENTIONS[attention](units, name="attention", dtype=dtype)
    if not isinstance(attention, Attention):
        raise TypeError(
            f"`attention` must be one of {', '.join(map(repr, ATTENTIONS))}, an "
            f"attention layer or None. Received: attention={attention!r}."
        )
    return type(attention).from_config(attention.get_config())
