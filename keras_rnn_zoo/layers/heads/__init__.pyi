"""Written by `python -m tests.stubs --write`."""

from keras_rnn_zoo.layers.heads.attention import AttentionCell as AttentionCell
from keras_rnn_zoo.layers.heads.attention import BahdanauAttention as BahdanauAttention
from keras_rnn_zoo.layers.heads.attention import LocationAttention as LocationAttention
from keras_rnn_zoo.layers.heads.attention import LuongAttention as LuongAttention
from keras_rnn_zoo.layers.heads.attention import (
    MonotonicAttention as MonotonicAttention,
)
from keras_rnn_zoo.layers.heads.crf import CRF as CRF
from keras_rnn_zoo.layers.heads.crf import CRFLoss as CRFLoss
from keras_rnn_zoo.layers.heads.crf import bio_constraints as bio_constraints
from keras_rnn_zoo.layers.heads.jordan_rnn import JordanRNN as JordanRNN
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    ConstantSampling as ConstantSampling,
)
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    ExponentialSampling as ExponentialSampling,
)
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    InverseSigmoidSampling as InverseSigmoidSampling,
)
from keras_rnn_zoo.layers.heads.sampling_schedules import (
    LinearSampling as LinearSampling,
)
