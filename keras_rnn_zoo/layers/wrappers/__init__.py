"""Cells around cells: each is a cell again, in any `RNN`."""

from keras_rnn_zoo.layers.core.registry import shelf

_classes = shelf(__name__, __path__)
globals().update(_classes)

__all__ = [*_classes]
