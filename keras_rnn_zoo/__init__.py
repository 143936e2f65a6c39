"""The home of recurrent networks in Keras 3: cells, layers and ready-built models."""

from keras_rnn_zoo import layers as layers
from keras_rnn_zoo.layers import GRU as GRU
from keras_rnn_zoo.layers import LSTM as LSTM
from keras_rnn_zoo.layers import RNN as RNN
from keras_rnn_zoo.layers import Bidirectional as Bidirectional
from keras_rnn_zoo.layers import GRUCell as GRUCell
from keras_rnn_zoo.layers import LSTMCell as LSTMCell
from keras_rnn_zoo.layers import SimpleRNN as SimpleRNN
from keras_rnn_zoo.layers import SimpleRNNCell as SimpleRNNCell
from keras_rnn_zoo.layers import StackedRNNCells as StackedRNNCells

from keras_rnn_zoo.version import __version__ as __version__
