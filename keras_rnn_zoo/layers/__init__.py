"""Recurrent cells, their layers, and the wrappers that work with them.

`cells/` has one file a paper, `core/` what they stand on, `heads/` the layers that
answer, `readers/` those that read, `wrappers/` cells around cells, `blocks/` what is
published around a cell.
"""

import importlib

from keras_rnn_zoo.layers import blocks, cells, heads, readers, wrappers
from keras_rnn_zoo.layers.core.base import GatedCell as GatedCell
from keras_rnn_zoo.layers.core.base import RecurrentLayer as RecurrentLayer
from keras_rnn_zoo.layers.core.bidirectional import Bidirectional as Bidirectional
from keras_rnn_zoo.layers.core.initializers import SkewBlocks as SkewBlocks
from keras_rnn_zoo.layers.core.initializers import SoftplusUniform as SoftplusUniform
from keras_rnn_zoo.layers.core.making import make_recurrent as make_recurrent
from keras_rnn_zoo.layers.core.registry import recurrent_layers as recurrent_layers
from keras_rnn_zoo.layers.core.registry import register as register
from keras_rnn_zoo.layers.core.reset_cell import ResetCell as ResetCell
from keras_rnn_zoo.layers.core.rnn import RNN as RNN
from keras_rnn_zoo.layers.core.rnn import StackedRNNCells as StackedRNNCells

_CORE = (
    *("Bidirectional", "GatedCell", "RNN", "RecurrentLayer", "ResetCell"),
    *("SkewBlocks", "SoftplusUniform", "StackedRNNCells"),
    *("make_recurrent", "recurrent_layers", "register"),
)
_SHELVES = (cells, heads, readers, wrappers, blocks)
for _shelf in _SHELVES:
    globals().update({name: getattr(_shelf, name) for name in _shelf.__all__})

__all__ = sorted({*_CORE, *(name for one in _SHELVES for name in one.__all__)})

#: They were here until they were models, one room above.
_MODELS = ("HMM", "Markov")


def __getattr__(name):
    if name in _MODELS:
        return getattr(importlib.import_module("keras_rnn_zoo.topologies"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
