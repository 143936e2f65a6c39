"""Ready-built models: what goes in at every step, and what comes out when."""

from keras_rnn_zoo.layers.core.registry import shelf
from keras_rnn_zoo.layers.readers import WordReader as WordReader

_classes = shelf(__name__, __path__)
globals().update(_classes)

__all__ = [*_classes]
