"""MNIST as sequences: rows, pixels, pixels in another order."""

import numpy as np

from keras_rnn_zoo.datasets.checks import check_choice, check_int
from keras_rnn_zoo.datasets.source import Content, cut_off, data_set, facts_of


@data_set("mnist")
def load_mnist(source, view="rows", size=28):
    """28 x 28 pixels, scaled to 0..1, to the digit (many-to-one).

    Options `view`, "rows" (28, 28), "pixels" (784, 1) or "permuted", the pixels in
    the order of `numpy.random.RandomState(0).permutation(784)`; and `size`, 28 or
    14, which takes the mean of 2 x 2 pixels: (14, 14) or (196, 1).
    """
    check_choice("view", view, ("rows", "pixels", "permuted"))
    check_int("size", size, 14)
    check_choice("size", size, (14, 28))
    builder, examples = source.read("mnist")
    examples["train"], examples["validation"] = cut_off(
        examples["train"], [image.tobytes() for image in examples["train"]["image"]]
    )
    raw = {}
    for split in ("train", "validation", "test"):
        images = np.stack(examples[split]["image"])[..., 0]
        labels = np.array(examples[split]["label"], "int32")
        raw[split] = list(zip(as_sequences(images, view, size), labels, strict=True))
    facts = facts_of(builder) | {
        "split": "TFDS's; a tenth of the training images is the validation split",
        "view": {
            "rows": f"{size} rows",
            "pixels": f"{size * size} pixels, row by row",
            "permuted": f"{size * size} pixels in the order of numpy.random."
            f"RandomState(0).permutation({size * size})",
        }[view],
    }
    return Content(raw, tuple("0123456789"), facts)


def as_sequences(images, view, size):
    """Returns (n, 28, 28) bytes as (n, time, features) float32 from 0 to 1.

    Of size 14, a pixel is the mean of four.
    """
    images = images.astype("float32") / 255
    if size == 14:
        images = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    if view == "rows":
        return images
    pixels = images.reshape(-1, size * size, 1)
    if view == "permuted":
        # Its stream is frozen by NumPy's policy: the same order for ever.
        pixels = pixels[:, np.random.RandomState(0).permutation(size * size)]
    return pixels
