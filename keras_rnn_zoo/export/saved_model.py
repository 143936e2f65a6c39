"""A model as a TensorFlow SavedModel, checked before it takes its place."""

import dataclasses
import os
import pathlib

import keras
import numpy as np

from keras_rnn_zoo.presets import new_directory


@dataclasses.dataclass(frozen=True)
class Exported:
    """A SavedModel that gave the model's answers.

    Attributes:
        path: directory of the SavedModel.
        max_difference: float. Largest absolute difference on the golden input between
            the model and the file loaded again.
        num_bytes: int. Size of the directory.
    """

    path: pathlib.Path
    max_difference: float
    num_bytes: int


def export(
    model: keras.Model, path: str | os.PathLike, golden_input, *, tolerance=None
) -> Exported:
    """Write a model as a SavedModel whose `serve` and `serving_default` take a batch.

    Batch size and number of steps stay free. The file is loaded again with TensorFlow
    alone and must give the model's output on `golden_input`; only then does it replace
    what was at `path`.

    Args:
        model: a built model with one input.
        path: directory to make or to replace.
        golden_input: array, `(batch, time)` int32 or `(batch, time, features)` float32.
        tolerance: float. Largest absolute difference allowed. None: 1e-4, or 0.02 if
            the model computes in half precision.

    Returns:
        `Exported`.

    Raises:
        RuntimeError: if the exported file answers differently.
    """
    import tensorflow as tf

    golden_input = np.asarray(golden_input)
    if tolerance is None:
        half = model.compute_dtype in ("float16", "bfloat16")
        tolerance = 0.02 if half else 1e-4
    signature = keras.InputSpec(
        shape=(None, None, *golden_input.shape[2:]), dtype=str(golden_input.dtype)
    )
    expected = np.asarray(model(golden_input, training=False), "float32")
    with new_directory(path) as directory:
        model.export(
            directory,
            format="tf_saved_model",
            verbose=False,
            input_signature=[signature],
        )
        loaded = tf.saved_model.load(str(directory))
        answer = loaded.serve(tf.constant(golden_input))
        difference = np.abs(np.asarray(answer, "float32") - expected)
        worst = float(np.max(difference, initial=0.0))
        if not worst <= tolerance:  # also catches nan
            raise RuntimeError(
                "The exported SavedModel must give the answers of the model. Received: "
                f"max_difference={worst}, above tolerance={tolerance}."
            )
        files = [file for file in directory.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
    return Exported(pathlib.Path(path), worst, size)
