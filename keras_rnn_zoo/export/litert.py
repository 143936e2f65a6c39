"""A model as LiteRT files, of LiteRT's own operations only."""

import json
import os
import pathlib
import tempfile
from typing import Any

import numpy as np

from keras_rnn_zoo import extras
from keras_rnn_zoo.export import golden as gold
from keras_rnn_zoo.export.portable import (
    answer_name,
    characters_of,
    input_of,
    masking_layer,
    portable_copy,
)
from keras_rnn_zoo.export.saved_model import (
    METADATA_FILE,
    Exported,
    describe,
    described,
    refuse,
    size_of,
)
from keras_rnn_zoo.export.step import StepModel, why_not_step_by_step
from keras_rnn_zoo.layers.core.arguments import positive_integer
from keras_rnn_zoo.layers.core.graphs import graphs_of
from keras_rnn_zoo.layers.core.head import feeds_back
from keras_rnn_zoo.presets import new_directory, replaceable

INT8_TOLERANCE = 0.1


def export_litert(
    model: Any,
    path: str | os.PathLike,
    golden_input: Any = None,
    *,
    assets: Any = None,
    metadata: dict[str, Any] | None = None,
    batch_size: int = 1,
    steps: int = 128,
    int8: bool = True,
    tolerance: float = 1e-5,
) -> Exported:
    """Write a model as `.tflite` files that run in LiteRT, without Flex operations.

    The shapes are fixed. The files, each with one signature:

    * `sequence.tflite`: `tokens (batch_size, steps)` int32, of words with their
      characters `(batch_size, steps, 1 + max_characters)`, or `features (batch_size,
      steps, width)`, to `probabilities` (or `values`), as the model gives them. Shorter
      sequences are padded, where the model knows padding.
    * `step.tflite`: `token (batch_size,)` or `features (batch_size, width)`, and every
      state, to the answer at this step and the states, under the same names. Streams
      begin with the states in `metadata.json`, zeros as a rule. Not of models
      that read backwards.
    * `sequence_int8.tflite`, `step_int8.tflite`: the same with int8 weights (dynamic
      range quantisation; matrices of fewer than 1024 elements stay float32).
    * `metadata.json`: vocabulary, labels, licence, first states.

    Of an `EncoderDecoder` instead, for a loop of the caller's, each with int8 weights
    as well:

    * `encoder.tflite`: `source (batch_size, steps)` int32 to `memory`, `memory_mask`,
      of a model that copies `copies`, and the decoder's first `state_0`, `state_1`, ….
    * `decode_step.tflite`: `token (batch_size,)`, at first `start` of `metadata.json`,
      and all that the encoder has given, to `log_probabilities` of the next token, the
      states under the same names, and with attention `alignment`.

    Of another model that declares its graphs, as one of several inputs does, a file for
    each of them.

    A token out of range, features and states that are not finite ("gather index out of
    bounds") and other shapes are errors. Every file is run in LiteRT on the golden
    input before anything replaces what was at `path`.

    Args:
        model: as in `export_saved_model`.
        path: directory to make or to replace.
        golden_input: as in `export_saved_model`; cut or padded to the fixed shape; not
            of a model that declares its graphs.
        assets: as in `export_saved_model`.
        metadata: as in `export_saved_model`.
        batch_size: int. Rows.
        steps: int. Time steps of a sequence.
        int8: bool. Whether to write the int8 files too.
        tolerance: float. Largest difference allowed of the float32 files, relative to
            the largest answer; of the int8 files it is 0.1.

    Returns:
        `Exported`, whose `signatures` are the names of the files and whose
        `max_difference` is that of the float32 files.

    Raises:
        ValueError: if an argument has a wrong value, or the model draws numbers.
        TypeError: if `model` is not a `keras.Model`.
        ImportError: if `ai-edge-litert` is not installed.
        OSError: as in `export_saved_model`.
        RuntimeError: if a file answers differently or LiteRT lacks an operation.
    """
    batch_size = positive_integer("batch_size", batch_size)
    steps = positive_integer("steps", steps)
    _interpreter()
    replaceable(path)
    if graphs_of(model) is not None:
        from keras_rnn_zoo.export.declared_files import write_litert

        if golden_input is not None:
            fix = " The files are compared with the model on inputs that are drawn."
            refuse(model, "golden_input", golden_input, fix)
        more = described(assets) | dict(metadata or {})
        return write_litert(model, path, more, batch_size, steps, int8, tolerance)
    model = portable_copy(model)
    for layer in model.layers:
        if feeds_back(layer) and layer.draws:
            raise ValueError(
                "`model` must not draw numbers for LiteRT. Received: "
                "feedback='sample'. Use 'argmax' or 'probabilities'."
            )
    x = gold.golden_input(model, golden_input, assets, (batch_size, steps))
    x = _fitted(model, x, batch_size, steps)
    functions = {"sequence": _sequence(model, x)}
    step_model = None
    if why_not_step_by_step(model) is None:
        step_model = StepModel(model)
        functions["step"] = _step(model, step_model, x)
    expected = np.asarray(model(x, training=False), "float32")
    worst = 0.0
    with new_directory(path) as directory:
        for name, function in functions.items():
            for quantised in (False, True)[: 1 + int8]:
                file = directory / f"{name}{'_int8' if quantised else ''}.tflite"
                file.write_bytes(converted(model, function, quantised))
                if name == "step":
                    answer = _run_steps(file, model, step_model, x)
                else:
                    [answer] = runner(file)(**{_key(x): x}).values()
                target = expected
                if name == "step":
                    target = _target_of_steps(model, step_model, x)
                difference = float(np.abs(answer - target).max())
                allowed = INT8_TOLERANCE if quantised else tolerance
                if not difference <= allowed * max(1.0, np.abs(target).max()):
                    raise RuntimeError(
                        "The LiteRT file must give the answers of the model. Received: "
                        f"max_difference={difference} of {file.name}, above {allowed}."
                    )
                worst = worst if quantised else max(worst, difference)
        document = describe(model, assets, metadata)
        document.update(batch_size=batch_size, steps=steps)
        if step_model is not None:
            first = step_model.initial_state(1)
            document["initial_state"] = {
                state.name: np.asarray(value)[0].tolist()
                for state, value in zip(step_model.states, first, strict=True)
            }
        text = json.dumps(document, indent=1, ensure_ascii=False)
        (directory / METADATA_FILE).write_text(text + "\n", "utf-8")
        files = tuple(sorted(file.stem for file in directory.glob("*.tflite")))
        size = size_of(directory)
    return Exported(pathlib.Path(path), worst, size, files)


def _interpreter():
    extras.require(
        "export",
        "LiteRT files are checked by running them, which needs ai-edge-litert.",
        "ai_edge_litert.interpreter",
    )
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter


def _fitted(model, x, batch_size, steps):
    """The golden input cut, repeated and padded to the fixed shape."""
    masking = masking_layer(model)
    x = np.resize(x, (batch_size, *x.shape[1:]))[:, :steps]
    if x.shape[1] == steps:
        return x
    if masking is None:
        return np.resize(x, (batch_size, steps, *x.shape[2:]))
    widths = [(0, 0), (0, steps - x.shape[1])] + [(0, 0)] * (x.ndim - 2)
    return np.pad(x, widths, constant_values=getattr(masking, "mask_value", 0))


def _key(x):
    return "tokens" if x.dtype.kind == "i" else "features"


def _sequence(model, x):
    import tensorflow as tf

    def sequence(inputs):
        inputs = _refusing(model, inputs)
        return {answer_name(model): model(inputs, training=False)}

    spec = tf.TensorSpec(x.shape, x.dtype, _key(x))
    return tf.function(sequence, input_signature=[spec], autograph=False)


def _step(model, step_model, x):
    import tensorflow as tf

    def step(inputs, *states):
        inputs = _refusing(model, inputs)
        states = [finite(one) for one in states]
        answer, states = step_model(inputs, states)
        names = [state.name for state in step_model.states]
        return {answer_name(model): answer, **dict(zip(names, states, strict=True))}

    name = _key(x).replace("tokens", "token")
    specs = [tf.TensorSpec((len(x), *x.shape[2:]), x.dtype, name)]
    specs += [
        tf.TensorSpec((len(x), state.width), tf.float32, state.name)
        for state in step_model.states
    ]
    return tf.function(step, input_signature=specs, autograph=False)


def _refusing(model, inputs):
    """Inputs that LiteRT refuses if one is wrong: it checks the indices of `Gather`."""
    import tensorflow as tf

    reads, size = input_of(model)
    if reads == "features":
        return finite(inputs, getattr(masking_layer(model), "mask_value", 0.0))
    # Ids below 0 are put above the last.
    if (characters := characters_of(model)) is not None:
        most = characters["max_characters"]
        size = tf.constant([size] + [characters["vocabulary_size"]] * most)
    return tf.where(inputs < 0, size, inputs)


def finite(x, padding=0.0):
    """The same numbers; if one is not finite, an index is too large."""
    import tensorflow as tf

    good = tf.abs(x) <= tf.float32.max
    if not np.isfinite(padding):
        good |= x == padding
    index = 1 - tf.cast(tf.reduce_all(good), "int32")
    return x + tf.gather(tf.zeros(1), index)


def converted(model, function, quantised):
    """Returns the bytes of a LiteRT file of a function of the model."""
    import tensorflow as tf

    module = tf.Module()
    module.model_variables = [v.value for v in model.variables]
    with tempfile.TemporaryDirectory() as directory:
        tf.saved_model.save(module, directory, {"serving_default": function})
        converter = tf.lite.TFLiteConverter.from_saved_model(directory)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantised:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        try:
            return converter.convert()
        except Exception as error:
            raise RuntimeError(
                "`model` must hold only what LiteRT has operations for. Received: "
                f"{str(error).splitlines()[0]}"
            ) from error


def runner(file):
    """Returns the file as a function of its inputs, run by the interpreter."""
    interpreter = _interpreter()(model_path=str(file))
    return interpreter.get_signature_runner("serving_default")


def _run_steps(file, model, step_model, x, most=24):
    """Runs the first steps of the golden input, `(batch, steps, outputs)`."""
    run, answers = runner(file), []
    first = [np.asarray(s) for s in step_model.initial_state(len(x))]
    names = [state.name for state in step_model.states]
    states = dict(zip(names, first, strict=True))
    key = _key(x).replace("tokens", "token")
    for t in range(min(most, x.shape[1])):
        out = run(**{key: np.ascontiguousarray(x[:, t])}, **states)
        states = {name: out[name] for name in names}
        answers.append(out[answer_name(model)])
    return np.stack(answers, axis=1)


def _target_of_steps(model, step_model, x, most=24):
    states, answers = step_model.initial_state(len(x)), []
    for t in range(min(most, x.shape[1])):
        answer, states = step_model(x[:, t], states)
        answers.append(np.asarray(answer))
    return np.stack(answers, axis=1)
