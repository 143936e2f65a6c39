"""TFDS builders of the zoo; importing this module registers them with `tfds.load`.

>>> import tensorflow_datasets as tfds
>>> import keras_rnn_zoo.datasets.builders
>>> tfds.builder_cls("krz_digits").__name__
'KrzDigits'

A module here is found without a line elsewhere; its builders, `Krz…`, are attributes of
this one. These are the only modules that import TensorFlow Datasets.
"""

import importlib
import pkgutil

from keras_rnn_zoo.datasets.builders._files import files_at as files_at
from keras_rnn_zoo.datasets.builders._files import manual_dir_of as manual_dir_of
from keras_rnn_zoo.datasets.builders._files import missing_files as missing_files
from keras_rnn_zoo.datasets.builders._files import require_network as require_network


def _builders():
    """Returns the builders of every module here, by the names of their classes."""
    found = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            is_own = getattr(value, "__module__", None) == module.name
            if is_own and name.startswith("Krz"):
                found[name] = value
    return found


globals().update(_builders())
