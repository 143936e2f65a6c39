"""Written by `python -m tests.stubs --write`."""

from keras_rnn_zoo.layers.readers.windows import PositionOutputs as PositionOutputs
from keras_rnn_zoo.layers.readers.windows import StepWindows as StepWindows
from keras_rnn_zoo.layers.readers.windows import WholeSequence as WholeSequence
from keras_rnn_zoo.layers.readers.word_reader import WordReader as WordReader
