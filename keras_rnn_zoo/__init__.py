"""The home of recurrent networks in Keras 3: cells, layers and ready-built models."""

import importlib
import pathlib
import sys

from keras_rnn_zoo.version import __version__ as __version__

_TOPOLOGIES = ("ManyToMany", "ManyToOne", "OutputRecurrence", "WindowClassifier")
_LAYERS = (
    "CIFGLSTM",
    "CRF",
    "GRU",
    "HMM",
    "JANET",
    "LMU",
    "LSTM",
    "MGU",
    "MLSTM",
    "RHN",
    "RNN",
    "SCRN",
    "Bidirectional",
    "CIFGLSTMCell",
    "ClockworkRNN",
    "ClockworkRNNCell",
    "CRFLoss",
    "ExpRNN",
    "ExpRNNCell",
    "GRUCell",
    "IndRNN",
    "IndRNNCell",
    "IntersectionRNN",
    "IntersectionRNNCell",
    "JANETCell",
    "JordanRNN",
    "LayerNormGRU",
    "LayerNormGRUCell",
    "LayerNormLSTM",
    "LayerNormLSTMCell",
    "LayerNormSimpleRNN",
    "LayerNormSimpleRNNCell",
    "LMUCell",
    "LSTMCell",
    "Markov",
    "MaxAbs",
    "MGUCell",
    "MinGRU",
    "MinGRUCell",
    "MLSTMCell",
    "PeepholeLSTM",
    "PeepholeLSTMCell",
    "PhasedLSTM",
    "PhasedLSTMCell",
    "ProjectedLSTM",
    "ProjectedLSTMCell",
    "RHNCell",
    "SCRNCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "SkewBlocks",
    "StackedRNNCells",
    "UnitUniform",
    "bio_constraints",
)

_ROOMS = ("convert", "export", "inspection", "layers", "ops", "topologies")

__all__ = [*_LAYERS, *_TOPOLOGIES, *_ROOMS, "__version__", "load"]


def __getattr__(name):
    if name in _LAYERS:
        return getattr(importlib.import_module("keras_rnn_zoo.layers"), name)
    if name in _TOPOLOGIES:
        return getattr(importlib.import_module("keras_rnn_zoo.topologies"), name)
    if name == "load":
        importlib.import_module("keras_rnn_zoo.topologies")  # Keras must know them
        return importlib.import_module("keras_rnn_zoo.presets").load
    if name in _ROOMS:
        return importlib.import_module(f"keras_rnn_zoo.{name}")
    raise AttributeError(f"module 'keras_rnn_zoo' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})


def _is_the_command():
    """Whether this process is `keras-rnn-zoo`, which imports Keras when it needs it."""
    started = [*sys.argv[:1], *sys.orig_argv[1:3]]
    return any(pathlib.Path(part).stem == "keras-rnn-zoo" for part in started) or (
        "keras_rnn_zoo.cli" in started
    )


if _is_the_command():
    from keras_rnn_zoo import interrupts

    interrupts.watch()
else:
    # Keras must know the classes before it loads a saved model.
    importlib.import_module("keras_rnn_zoo.topologies")
