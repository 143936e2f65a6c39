"""Layers that answer: what stands behind the recurrent layers of a model."""

from keras_rnn_zoo.layers.core.registry import shelf
from keras_rnn_zoo.layers.heads.crf import bio_constraints as bio_constraints

_classes = shelf(__name__, __path__)
globals().update(_classes)

__all__ = [*_classes, "bio_constraints"]
