"""Recurrent cells, their layers, and the wrappers that work with them."""

from keras.layers import Bidirectional as Bidirectional

from keras_rnn_zoo.layers.base import GatedCell as GatedCell
from keras_rnn_zoo.layers.base import RecurrentLayer as RecurrentLayer
from keras_rnn_zoo.layers.gru import GRU as GRU
from keras_rnn_zoo.layers.gru import GRUCell as GRUCell
from keras_rnn_zoo.layers.lstm import LSTM as LSTM
from keras_rnn_zoo.layers.lstm import LSTMCell as LSTMCell
from keras_rnn_zoo.layers.registry import make_recurrent as make_recurrent
from keras_rnn_zoo.layers.registry import recurrent_layers as recurrent_layers
from keras_rnn_zoo.layers.registry import register as register
from keras_rnn_zoo.layers.rnn import RNN as RNN
from keras_rnn_zoo.layers.rnn import StackedRNNCells as StackedRNNCells
from keras_rnn_zoo.layers.simple_rnn import SimpleRNN as SimpleRNN
from keras_rnn_zoo.layers.simple_rnn import SimpleRNNCell as SimpleRNNCell
