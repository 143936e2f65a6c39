"""Blocks of published models: a cell of the zoo, and what its paper puts around it."""

from keras_rnn_zoo.layers.core.registry import shelf

_classes = shelf(__name__, __path__)
globals().update(_classes)

__all__ = [*_classes]
