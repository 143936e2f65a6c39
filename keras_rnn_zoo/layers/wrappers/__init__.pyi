"""Written by `python -m tests.stubs --write`."""

from keras_rnn_zoo.layers.wrappers.around import HighwayCell as HighwayCell
from keras_rnn_zoo.layers.wrappers.around import ResidualCell as ResidualCell
from keras_rnn_zoo.layers.wrappers.drop_connect import DropConnect as DropConnect
from keras_rnn_zoo.layers.wrappers.fast_slow import FastSlow as FastSlow
from keras_rnn_zoo.layers.wrappers.multiplicative_integration import (
    MultiplicativeIntegration as MultiplicativeIntegration,
)
from keras_rnn_zoo.layers.wrappers.nested import Nested as Nested
