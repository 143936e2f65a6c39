"""Metrics of sequences in which padding never counts and every step weighs the same."""

from keras_rnn_zoo.metrics.edit_metrics import (
    PhoneErrorRate,
    WordErrorRate,
    edit_distance,
)
from keras_rnn_zoo.metrics.sequence_metrics import (
    BitsPerCharacter,
    FrameNLL,
    TokenAccuracy,
    frame_nll,
)
from keras_rnn_zoo.metrics.span_metrics import SpanF1, SpanPrecision, SpanRecall

__all__ = [
    "BitsPerCharacter",
    "FrameNLL",
    "PhoneErrorRate",
    "SpanF1",
    "SpanPrecision",
    "SpanRecall",
    "TokenAccuracy",
    "WordErrorRate",
    "edit_distance",
    "frame_nll",
]
