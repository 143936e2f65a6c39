"""One file a paper: `<Unit>Cell`, its equations, and `<Unit>`, its layer."""

from keras_rnn_zoo.layers.core.registry import shelf

_classes = shelf(__name__, __path__)
globals().update(_classes)

__all__ = [*_classes]
