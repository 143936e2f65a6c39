"""Ready-built models: what goes in at every step, and what comes out when."""

from keras_rnn_zoo.topologies.many_to_many import ManyToMany as ManyToMany
from keras_rnn_zoo.topologies.many_to_one import ManyToOne as ManyToOne
from keras_rnn_zoo.topologies.output_recurrence import (
    OutputRecurrence as OutputRecurrence,
)
from keras_rnn_zoo.topologies.window_classifier import (
    WindowClassifier as WindowClassifier,
)
from keras_rnn_zoo.topologies.word_reader import WordReader as WordReader
