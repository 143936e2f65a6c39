"""Recurrent cells, their layers, and the wrappers that work with them."""

from keras_rnn_zoo.layers.base import GatedCell as GatedCell
from keras_rnn_zoo.layers.base import RecurrentLayer as RecurrentLayer
from keras_rnn_zoo.layers.bidirectional import Bidirectional as Bidirectional
from keras_rnn_zoo.layers.cifg_lstm import CIFGLSTM as CIFGLSTM
from keras_rnn_zoo.layers.cifg_lstm import CIFGLSTMCell as CIFGLSTMCell
from keras_rnn_zoo.layers.clockwork_rnn import ClockworkRNN as ClockworkRNN
from keras_rnn_zoo.layers.clockwork_rnn import ClockworkRNNCell as ClockworkRNNCell
from keras_rnn_zoo.layers.crf import CRF as CRF
from keras_rnn_zoo.layers.crf import CRFLoss as CRFLoss
from keras_rnn_zoo.layers.crf import bio_constraints as bio_constraints
from keras_rnn_zoo.layers.exp_rnn import ExpRNN as ExpRNN
from keras_rnn_zoo.layers.exp_rnn import ExpRNNCell as ExpRNNCell
from keras_rnn_zoo.layers.exp_rnn import SkewBlocks as SkewBlocks
from keras_rnn_zoo.layers.gru import GRU as GRU
from keras_rnn_zoo.layers.gru import GRUCell as GRUCell
from keras_rnn_zoo.layers.hmm import HMM as HMM
from keras_rnn_zoo.layers.ind_rnn import IndRNN as IndRNN
from keras_rnn_zoo.layers.ind_rnn import IndRNNCell as IndRNNCell
from keras_rnn_zoo.layers.ind_rnn import MaxAbs as MaxAbs
from keras_rnn_zoo.layers.ind_rnn import UnitUniform as UnitUniform
from keras_rnn_zoo.layers.intersection_rnn import IntersectionRNN as IntersectionRNN
from keras_rnn_zoo.layers.intersection_rnn import (
    IntersectionRNNCell as IntersectionRNNCell,
)
from keras_rnn_zoo.layers.janet import JANET as JANET
from keras_rnn_zoo.layers.janet import JANETCell as JANETCell
from keras_rnn_zoo.layers.jordan_rnn import JordanRNN as JordanRNN
from keras_rnn_zoo.layers.layer_norm import LayerNormGRU as LayerNormGRU
from keras_rnn_zoo.layers.layer_norm import LayerNormGRUCell as LayerNormGRUCell
from keras_rnn_zoo.layers.layer_norm import LayerNormLSTM as LayerNormLSTM
from keras_rnn_zoo.layers.layer_norm import LayerNormLSTMCell as LayerNormLSTMCell
from keras_rnn_zoo.layers.layer_norm import LayerNormSimpleRNN as LayerNormSimpleRNN
from keras_rnn_zoo.layers.layer_norm import (
    LayerNormSimpleRNNCell as LayerNormSimpleRNNCell,
)
from keras_rnn_zoo.layers.lmu import LMU as LMU
from keras_rnn_zoo.layers.lmu import LMUCell as LMUCell
from keras_rnn_zoo.layers.lstm import LSTM as LSTM
from keras_rnn_zoo.layers.lstm import LSTMCell as LSTMCell
from keras_rnn_zoo.layers.markov import Markov as Markov
from keras_rnn_zoo.layers.mgu import MGU as MGU
from keras_rnn_zoo.layers.mgu import MGUCell as MGUCell
from keras_rnn_zoo.layers.min_gru import MinGRU as MinGRU
from keras_rnn_zoo.layers.min_gru import MinGRUCell as MinGRUCell
from keras_rnn_zoo.layers.mlstm import MLSTM as MLSTM
from keras_rnn_zoo.layers.mlstm import MLSTMCell as MLSTMCell
from keras_rnn_zoo.layers.peephole_lstm import PeepholeLSTM as PeepholeLSTM
from keras_rnn_zoo.layers.peephole_lstm import PeepholeLSTMCell as PeepholeLSTMCell
from keras_rnn_zoo.layers.phased_lstm import PhasedLSTM as PhasedLSTM
from keras_rnn_zoo.layers.phased_lstm import PhasedLSTMCell as PhasedLSTMCell
from keras_rnn_zoo.layers.projected_lstm import ProjectedLSTM as ProjectedLSTM
from keras_rnn_zoo.layers.projected_lstm import ProjectedLSTMCell as ProjectedLSTMCell
from keras_rnn_zoo.layers.registry import make_recurrent as make_recurrent
from keras_rnn_zoo.layers.registry import recurrent_layers as recurrent_layers
from keras_rnn_zoo.layers.registry import register as register
from keras_rnn_zoo.layers.reset_cell import ResetCell as ResetCell
from keras_rnn_zoo.layers.rhn import RHN as RHN
from keras_rnn_zoo.layers.rhn import RHNCell as RHNCell
from keras_rnn_zoo.layers.rnn import RNN as RNN
from keras_rnn_zoo.layers.rnn import StackedRNNCells as StackedRNNCells
from keras_rnn_zoo.layers.scrn import SCRN as SCRN
from keras_rnn_zoo.layers.scrn import SCRNCell as SCRNCell
from keras_rnn_zoo.layers.simple_rnn import SimpleRNN as SimpleRNN
from keras_rnn_zoo.layers.simple_rnn import SimpleRNNCell as SimpleRNNCell
