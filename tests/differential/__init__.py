"""Every path of a layer against its loop, in configurations drawn at random.

    python -m tests.differential --seed 17        what this seed draws, and its result
    python -m tests.differential --count 2000     a campaign; as `make differential`
    python -m tests.differential --cudnn …        cuDNN's path, with what the op for it
                                                  computes in its place: without a GPU

A few fixed seeds are part of the tests. What is drawn is in `Configuration`, what is
compared in `compare`: outputs, states, and the gradients with respect to weights,
inputs and initial states; or that both refuse.
"""

import collections
import dataclasses
import os
import re
import traceback

import keras
import numpy as np
import tensorflow as tf

import keras_rnn_zoo as zoo
from keras_rnn_zoo.layers.core import engine
from tests.case import Case
from tests.cases import CASES
from tests.compare import assert_close, randomise
from tests.cudnn_op import CudnnRNNV3
from tests.paths import at, loose

FEATURES = 3
# Of the environment, for the processes of a campaign.
CUDNN_WITHOUT_A_GPU = "KRZ_TEST_CUDNN" in os.environ
if CUDNN_WITHOUT_A_GPU:
    engine.has_gpu = lambda: True
    tf.raw_ops.CudnnRNNV3 = CudnnRNNV3()


# --- Cells of users, which change a part of their parent


class DoubledLSTMCell(zoo.LSTMCell):
    """Overrides `call`: what comes out is twice the state."""

    def call(self, inputs, states, training=False):
        h, new_states = super().call(inputs, states, training=training)
        return 2 * h, new_states


class BlendedMGUCell(zoo.MGUCell):
    """Overrides `call` and reads the bare inputs there: as many features as units."""

    def call(self, inputs, states, training=False):
        h, _ = super().call(inputs, states, training=training)
        h = 0.5 * h + 0.5 * inputs
        return h, [h]


class BlendedIndRNNCell(zoo.IndRNNCell):
    """The same, of one block: its terms are as wide as the bare inputs."""

    def call(self, inputs, states, training=False):
        h, _ = super().call(inputs, states, training=training)
        h = 0.5 * h + 0.5 * inputs
        return h, [h]


class TiedSimpleRNNCell(zoo.SimpleRNNCell):
    """Overrides `build` alone: U is W, for as many features as units."""

    def build(self, input_shape):
        super().build(input_shape)
        self.recurrent_kernel = self.kernel


class GainGRUCell(zoo.GRUCell):
    """Overrides `build` for a weight of its own, and `call` to use it."""

    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight(
            shape=(self.units,), name="gain", initializer="ones"
        )

    def call(self, inputs, states, training=False):
        h, _ = super().call(inputs, states, training=training)
        h = h * self.gain
        return h, [h]


class ShiftedIndRNNCell(zoo.IndRNNCell):
    """Overrides `get_initial_state`: sequences start from a half."""

    def get_initial_state(self, batch_size=None):
        return [0.5 + state for state in super().get_initial_state(batch_size)]


def _layer(cell):
    name = cell.__name__.removesuffix("Cell")
    parent = next(case.layer for case in CASES if issubclass(cell, case.cell))
    return type(name, (parent,), {"cell_class": cell, "__module__": __name__})


SUBCLASSES = [
    Case(cell.__name__, _layer(cell), None, {}, states=states)
    for cell, states in (
        (DoubledLSTMCell, 2),
        (BlendedMGUCell, 1),
        (BlendedIndRNNCell, 1),
        (TiedSimpleRNNCell, 1),
        (GainGRUCell, 1),
        (ShiftedIndRNNCell, 1),
    )
]
TABLE = {
    case.id: case
    for case in (*CASES, *SUBCLASSES)
    if not CUDNN_WITHOUT_A_GPU or case.make_cell().cudnn_kernel
}

# --- What is drawn

# How a call is made: eagerly, in a function of a user's whose shapes are unknown, or in
# the step of a Keras model's training.
PLACES = ("eager", "graph", "keras", "keras, known shapes")
# The kernels that somebody wrote by hand: on a GPU, cuDNN's.
KERNEL = "cudnn" if engine.has_gpu() else "native"
ALWAYS = (("hoisted", "eager"), (KERNEL, "eager"))
ONE_OF = [
    ("auto", "eager"),
    ("auto", "graph"),
    ("auto", "keras"),
    ("auto", "keras, known shapes"),
    ("loop", "graph"),
    ("hoisted", "graph"),
    ("hoisted", "keras"),
    ("graph", "eager"),
    ("graph", "graph"),
    ("graph", "keras"),
    ("graph", "keras, known shapes"),
    (KERNEL, "graph"),
    (KERNEL, "keras"),
    ("unroll", "eager"),
    ("xla", "keras"),
    ("xla", "keras, known shapes"),
    ("xla", "eager"),
]
MASKS = (
    *("none", "random", "ones", "zeros", "integers", "float"),
    *("one row", "one column", "trailing axis", "transposed", "short", "long"),
)


@dataclasses.dataclass(frozen=True)
class Configuration:
    """One layer and one call, all of it from `seed`."""

    seed: int
    cell: str
    batch: int
    time: int
    mask: str
    initial_state: str
    dtype: str
    training: bool
    path: str
    place: str
    checkpoint: int | None
    options: dict

    @property
    def case(self):
        return TABLE[self.cell]


def draw(seed):
    """Returns the `Configuration` of a seed."""
    rng = np.random.default_rng(seed)

    def one(values, weights=None):
        weights = weights and np.array(weights) / sum(weights)
        return values[rng.choice(len(values), p=weights)]

    case = TABLE[one(list(TABLE))]
    batch, time = int(one([0, 1, 2, 3, 9])), int(one([0, 1, 2, 5, 7]))
    options = {
        "go_backwards": bool(one([False, True])),
        "return_sequences": bool(one([False, True])),
        "return_state": bool(one([False, True], [1, 3])),
        "zero_output_for_mask": bool(one([False, True], [2, 1])),
        "stateful": bool(batch and one([False, True], [4, 1])),
        "truncate": one([None, 1, 2], [6, 1, 1]),
        "trainable_initial_state": bool(one([False, True], [3, 1])),
        "use_bias": bool(one([False, True], [1, 4])),
        "seed": 11,
    }
    rate = one([0.0, 0.3, "each"], [4, 1, 1])
    each = [0.2, 0.5, 0.1, 0.4][: len(case.memories)]
    options["zoneout"] = each if rate == "each" else rate
    options = {
        name: value
        for name, value in options.items()
        if name in ("go_backwards", "return_sequences", "return_state", "stateful")
        or name in ("zero_output_for_mask", "truncate")
        or name in case.cell.arguments
    }
    path, place = one(ONE_OF, [1 if path == "xla" else 3 for path, _ in ONE_OF])
    return Configuration(
        seed=seed,
        cell=case.id,
        batch=batch,
        time=time,
        mask=one(MASKS, [6, 6, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1]),
        initial_state=one(["none", "rows", "one row"], [3, 4, 1]),
        dtype=one(
            ["float64", "float32", "mixed_float16", "mixed_bfloat16"], [5, 5, 1, 1]
        ),
        training=bool(one([False, True])),
        path=path,
        place=place,
        checkpoint=int(one([1, 2, 3])) if rng.random() < 0.2 else None,
        options=options,
    )


def make_mask(kind, rng, batch, time):
    """The mask, or None."""
    some = rng.random((batch, time)) > 0.4
    return {
        "none": None,
        "random": some,
        "ones": np.ones((batch, time), bool),
        "zeros": np.zeros((batch, time), bool),
        "integers": some.astype("int32"),
        "float": some.astype("float32"),
        "one row": some[:1] if batch else np.ones((1, time), bool),
        "one column": some[:, :1] if time else np.ones((batch, 1), bool),
        "trailing axis": some[..., None],
        "transposed": some.T,
        "short": some[:, 1:],
        "long": np.concatenate([some, np.ones((batch, 2), bool)], 1),
    }[kind]


# --- What is compared


@dataclasses.dataclass
class Data:
    """What a layer is called with."""

    inputs: np.ndarray
    states: list
    mask: np.ndarray | None
    weights: list


def make_data(configuration):
    """Draws the inputs, and a layer's weights."""
    rng = np.random.default_rng([configuration.seed, 1])
    c, kind = configuration, keras.DTypePolicy(configuration.dtype).variable_dtype
    layer = make_layer(c, "loop")
    randomise(layer, rng)
    weights = [w for w in layer.get_weights() if w.dtype.kind == "f"]
    sizes = keras.tree.flatten(layer.state_size)
    rows = {"none": None, "rows": c.batch, "one row": 1}[c.initial_state]
    states = [] if rows is None else [rng.normal(size=(rows, n)) for n in sizes]
    return Data(
        rng.normal(size=(c.batch, c.time, FEATURES)).astype(kind),
        [state.astype(kind) for state in states],
        make_mask(c.mask, rng, c.batch, c.time),
        layer.get_weights() if weights else [],
    )


def make_layer(configuration, path, checkpoint=None):
    """A built layer that takes `path`."""
    c, options = configuration, dict(configuration.options)
    if path == "unroll":
        path, options["unroll"] = "loop", True
    tied = c.case in SUBCLASSES  # which ask for as many features as units
    layer = c.case.make_layer(
        units=FEATURES if tied else 4,
        implementation=path,
        checkpoint=checkpoint,
        dtype=c.dtype,
        **options,
    )
    batch = c.batch if options["stateful"] else None
    layer.build((batch, c.time if "unroll" in options else None, FEATURES))
    return layer


def answers(layer, data, training):
    """Outputs, states and gradients of one call, or of two of a stateful layer.

    The loss weighs each number with a cosine, which needs no shape to be known.
    """
    inputs, states, mask = data

    def weighed(result, k):
        result = tf.cast(result, "float64")
        numbers = tf.cast(tf.range(tf.size(result)), "float64")
        return tf.reduce_sum(
            result * tf.reshape(tf.cos(1.7 * numbers + k), tf.shape(result))
        )

    named = {}
    with tf.GradientTape() as tape:
        tape.watch([inputs, *states])
        loss = tf.zeros((), "float64")
        for call in range(2 if layer.stateful else 1):
            results = layer(
                inputs,
                initial_state=(states or None) if call == 0 else None,
                mask=mask,
                training=training,
            )
            results = results if isinstance(results, list | tuple) else [results]
            for k, result in enumerate(results):
                named[f"result {k} of call {call}"] = result
                loss += weighed(result, k + 1)
    weights = layer.trainable_weights
    gradients = tape.gradient(
        loss,
        [inputs, *states, *[w.value for w in weights]],
        unconnected_gradients="zero",
    )
    names = ["d inputs", *(f"d state {k}" for k in range(len(states)))]
    names += [f"d {w.name}" for w in weights]
    for name, gradient in zip(names, gradients, strict=True):
        named[name] = tf.convert_to_tensor(gradient)
    if layer.stateful:
        for k, state in enumerate(keras.tree.flatten(layer.states)):
            named[f"carried {k}"] = tf.convert_to_tensor(state)
    return named


def answers_at(place, configuration, path, data, checkpoint=None):
    """The answers as arrays, by name; raises what the layer raises."""
    c = configuration
    layer = make_layer(c, path, checkpoint)
    layer.set_weights(data.weights)
    mask = None if data.mask is None else tf.constant(data.mask)
    given = (
        tf.constant(data.inputs),
        tuple(tf.constant(state) for state in data.states),
        () if mask is None else (mask,),
    )

    def spec(tensor):
        """Of stateful layers the rows are known."""
        if tensor is mask:
            return tf.TensorSpec([None] * len(tensor.shape), tensor.dtype)
        rows = c.batch if c.options["stateful"] and tensor is given[0] else None
        return tf.TensorSpec([rows, *loose(tensor).shape[1:]], tensor.dtype)

    def function(inputs, states, masks):
        mask = masks[0] if masks else None
        return answers(layer, (inputs, list(states), mask), c.training)

    known = place == "keras, known shapes"
    specs = None if known else keras.tree.map_structure(spec, given)
    found = at("keras" if known else place, function, *given, specs=specs)
    return {name: np.asarray(value) for name, value in found.items()}


def may_refuse(configuration, path, place, checkpoint, error):
    """Whether a path may say no where the loop answers: in one sentence, by name."""
    c, text = configuration, str(error)
    if not isinstance(error, ValueError | NotImplementedError):
        return False
    says = re.search(r"`(implementation|checkpoint|unroll|truncate)`", text)
    if not says or "Received" not in text:
        return False
    if path == KERNEL:
        return True
    if checkpoint is not None and path in ("loop", "hoisted", "auto", "unroll"):
        return True
    if path == "unroll" and (c.options["truncate"] or c.time == 0):
        return True
    return c.case in SUBCLASSES


def close(actual, expected, configuration, name):
    """As `assert_close`; what a configuration may differ by, and why."""
    c = configuration
    if c.dtype.startswith("mixed"):
        # Half precision has 11 or 8 bits; sums of up to 63 products are in another
        # order on each path.
        limit = {"mixed_float16": 0.02, "mixed_bfloat16": 0.15}[c.dtype]
        actual, expected = np.float64(actual), np.float64(expected)
        assert actual.shape == expected.shape, (name, actual.shape, expected.shape)
        if expected.size:
            worst = np.abs(actual - expected).max()
            assert worst <= limit * max(1.0, np.abs(expected).max()), f"{name}: {worst}"
        return
    # Normalising four numbers divides by a spread that may be small; what a step of
    # LTC's solver adds to a capacity's gradient, the next one nearly takes away.
    factor = 10.0 if c.cell.startswith(("LayerNorm", "LTC")) else 1.0
    assert_close(actual, expected, c.dtype, name, factor)


def compare(seed, every_path=False):
    """Raises AssertionError if a path differs from the loop.

    Args:
        seed: int.
        every_path: bool. All paths in all places, instead of one that is drawn.

    Returns:
        `{(path, place): "equal", "refused" or "both refuse"}`.
    """
    c = draw(seed)
    data, results = make_data(c), {}

    def attempt(place, path, checkpoint=None):
        try:
            return answers_at(place, c, path, data, checkpoint), None
        except Exception as error:  # whatever it is, it is compared
            return None, error

    expected, refusal = attempt("eager", "loop")
    paths = ONE_OF if every_path else [(c.path, c.place)]
    for path, place in dict.fromkeys([*ALWAYS, *paths]):
        checkpoint = c.checkpoint if (path, place) == (c.path, c.place) else None
        try:
            found, error = attempt(place, path, checkpoint)
            if expected is None:
                # Of no rows, a graph of unknown shapes sees no mask that does not fit.
                blind = c.batch == 0 and place != "eager" and "`mask`" in str(refusal)
                assert error is not None or blind, (
                    f"answers where the loop raises {type(refusal).__name__}: {refusal}"
                )
                results[path, place] = "both refuse"
            elif error is not None:
                if not may_refuse(c, path, place, checkpoint, error):
                    raise AssertionError("raises where the loop answers") from error
                results[path, place] = "refused"
            else:
                assert list(found) == list(expected)
                for name in expected:
                    close(found[name], expected[name], c, name)
                results[path, place] = "equal"
        except AssertionError as error:
            error.add_note(
                f"{path} ({place}, checkpoint={checkpoint}) of {c}\n"
                f"Again: python -m tests.differential --seed {seed}"
                + " --cudnn"
                * CUDNN_WITHOUT_A_GPU
            )
            raise
    return results


def run(seeds, every_path=False):
    """Returns `(counts of results, {seed: text of the failure})`."""
    counts, failures = collections.Counter(), {}
    for seed in seeds:
        try:
            counts.update(compare(seed, every_path).values())
        except Exception as error:
            failures[seed] = "".join(traceback.format_exception(error)[-12:])
    return counts, failures
