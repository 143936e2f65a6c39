"""One loader for each data set: what `keras_rnn_zoo.datasets.load` calls.

A loader takes a `Source` and the options of its data set, and returns a `Content`.
"""

from collections.abc import Callable

from keras_rnn_zoo.datasets.loaders.digits import load_digits
from keras_rnn_zoo.datasets.loaders.own_file import load_file
from keras_rnn_zoo.datasets.loaders.python_source import (
    load_py_cursor,
    load_py_functions,
    load_py_tokens,
)
from keras_rnn_zoo.datasets.loaders.real_valued import load_adding, load_sunspots
from keras_rnn_zoo.datasets.loaders.wnut17 import load_wnut17
from keras_rnn_zoo.datasets.source import Content

#: Loaders by the name of the data set.
LOADERS: dict[str, Callable[..., Content]] = {
    "krz_py_tokens": load_py_tokens,
    "krz_py_cursor": load_py_cursor,
    "krz_py_functions": load_py_functions,
    "krz_wnut17": load_wnut17,
    "krz_digits": load_digits,
    "krz_sunspots": load_sunspots,
    "krz_adding": load_adding,
    "file": load_file,
}
