"""Metrics of sequences in which padding never counts and every step weighs the same."""

from keras_rnn_zoo.metrics.sequence_metrics import BitsPerCharacter, TokenAccuracy
from keras_rnn_zoo.metrics.span_metrics import SpanF1, SpanPrecision, SpanRecall

__all__ = ["BitsPerCharacter", "SpanF1", "SpanPrecision", "SpanRecall", "TokenAccuracy"]
