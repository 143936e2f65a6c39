"""Written by `python -m tests.stubs --write`."""

from keras_rnn_zoo.topologies.encoder_decoder import EncoderDecoder as EncoderDecoder
from keras_rnn_zoo.topologies.hmm import HMM as HMM
from keras_rnn_zoo.topologies.many_to_many import ManyToMany as ManyToMany
from keras_rnn_zoo.topologies.many_to_one import ManyToOne as ManyToOne
from keras_rnn_zoo.topologies.markov import Markov as Markov
from keras_rnn_zoo.topologies.output_recurrence import (
    OutputRecurrence as OutputRecurrence,
)
from keras_rnn_zoo.topologies.window_classifier import (
    WindowClassifier as WindowClassifier,
)
