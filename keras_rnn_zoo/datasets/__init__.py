"""Data sets of the zoo: TFDS builders and `tf.data` pipelines ready to train on.

`load(name)` returns the pipelines of one of `NAMES`. The TFDS builders behind them are
registered by importing `keras_rnn_zoo.datasets.builders`.
"""

from keras_rnn_zoo.datasets.pipelines import NAMES as NAMES
from keras_rnn_zoo.datasets.pipelines import Codec as Codec
from keras_rnn_zoo.datasets.pipelines import Pipelines as Pipelines
from keras_rnn_zoo.datasets.pipelines import load as load
