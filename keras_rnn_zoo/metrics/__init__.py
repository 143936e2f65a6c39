"""Metrics of sequences in which padding never counts and every step weighs the same."""

from keras_rnn_zoo.metrics.sequence_metrics import BitsPerCharacter, TokenAccuracy

__all__ = ["BitsPerCharacter", "TokenAccuracy"]
