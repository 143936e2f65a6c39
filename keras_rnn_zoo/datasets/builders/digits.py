"""TFDS builder of scikit-learn's handwritten digits."""

import numpy as np
import tensorflow_datasets as tfds

from keras_rnn_zoo import extras
from keras_rnn_zoo.datasets.builders._splits import stratified_cut


class KrzDigits(tfds.core.GeneratorBasedBuilder):
    """Scikit-learn's handwritten digits as 8 rows of 8 and as 64 pixels."""

    name = "krz_digits"

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(
            name="random",
            description="A random fifth of every class is the test split, and a fifth "
            "of the rest the validation split. Writers stand in several splits.",
        ),
        tfds.core.BuilderConfig(
            name="last",
            description="The last fifth of the file is the test split, and the last "
            "fifth of the rest the validation split: harder, other writers likely.",
        ),
    ]

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "1,797 handwritten digits of 8 x 8 pixels with values 0 to 16 (the "
                "test set of UCI's optdigits), as they come with scikit-learn."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "rows": tfds.features.Tensor(shape=(8, 8), dtype=np.uint8),
                    "pixels": tfds.features.Tensor(shape=(64,), dtype=np.uint8),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("rows", "label"),
            homepage="https://archive.ics.uci.edu/dataset/80",
            citation="""\
@misc{alpaydin1998optdigits,
  title = {Optical Recognition of Handwritten Digits},
  author = {Alpaydin, E. and Kaynak, C.},
  publisher = {UCI Machine Learning Repository},
  year = {1998},
  doi = {10.24432/C50P49},
}""",
            license="CC BY 4.0",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing to download
        extras.require("data", "krz_digits needs scikit-learn.", "sklearn.datasets")
        from sklearn.datasets import load_digits

        digits = load_digits()
        images, labels = digits.images.astype(np.uint8), digits.target
        order = np.arange(len(labels))
        cut = stratified_cut if self.builder_config.name == "random" else _last_cut
        rest, test = cut(order, labels)
        train, validation = cut(rest, labels)
        parts = {"train": train, "validation": validation, "test": test}
        return {
            split: self._generate_examples(images[part], labels[part])
            for split, part in parts.items()
        }

    def _generate_examples(self, images, labels):
        for key, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield key, {"rows": image, "pixels": image.ravel(), "label": int(label)}


def _last_cut(indices, labels):
    """Cuts off the last fifth of `indices`."""
    del labels
    size = len(indices) - len(indices) // 5
    return indices[:size], indices[size:]
