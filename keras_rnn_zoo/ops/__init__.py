"""Loops over time and over tokens; CRF functions, samplers under well-known names."""

from keras_rnn_zoo.ops.crf import crf_binary_score as crf_binary_score
from keras_rnn_zoo.ops.crf import crf_constrained_decode as crf_constrained_decode
from keras_rnn_zoo.ops.crf import crf_decode as crf_decode
from keras_rnn_zoo.ops.crf import crf_filtered_inputs as crf_filtered_inputs
from keras_rnn_zoo.ops.crf import crf_log_likelihood as crf_log_likelihood
from keras_rnn_zoo.ops.crf import crf_log_norm as crf_log_norm
from keras_rnn_zoo.ops.crf import (
    crf_multitag_sequence_score as crf_multitag_sequence_score,
)
from keras_rnn_zoo.ops.crf import crf_sequence_score as crf_sequence_score
from keras_rnn_zoo.ops.crf import crf_unary_score as crf_unary_score
from keras_rnn_zoo.ops.samplers import BeamSampler as BeamSampler
from keras_rnn_zoo.ops.samplers import GreedySampler as GreedySampler
from keras_rnn_zoo.ops.samplers import RandomSampler as RandomSampler
from keras_rnn_zoo.ops.samplers import Sampler as Sampler
from keras_rnn_zoo.ops.samplers import TopKSampler as TopKSampler
from keras_rnn_zoo.ops.samplers import TopPSampler as TopPSampler
