"""Loaders of data sets: what `keras_rnn_zoo.datasets.load` calls.

A loader takes a `Source` and the options of its data set, and returns a `Content`. A
module here is found without a line elsewhere, its loaders by `@data_set(name)`.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
