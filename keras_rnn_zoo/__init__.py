"""The home of recurrent networks in Keras 3: cells, layers and ready-built models."""

import importlib
import importlib.util
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

_ROOMS = (
    "convert",
    "datasets",
    "export",
    "inspection",
    "layers",
    "metrics",
    "native",
    "ops",
    "presets",
    "topologies",
    "training",
)

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


#: Rooms that the classes to register need, and that need Keras themselves.
_NEEDED = ("keras_rnn_zoo.layers", "keras_rnn_zoo.ops", "keras_rnn_zoo.topologies")


class _AsItIs:
    """Loader of a module that was imported while it was looked for."""

    @staticmethod
    def create_module(spec):
        """Return the module that there is."""
        return sys.modules[spec.name]

    @staticmethod
    def exec_module(module):
        """Nothing is left to do."""


class _WhenKerasIsThere:
    """Finder that registers the classes as soon as Keras has been imported.

    Keras must know them before it loads a saved model, and they need Keras, which costs
    seconds that `keras-rnn-zoo --help` does not have.
    """

    _looking = False

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """Return the spec of `keras` with one thing more to do; None for all others."""
        if name in _NEEDED:
            # First Keras, and with it all that is registered: a room that is being
            # imported already could not be imported for that.
            importlib.import_module("keras")
            known = name in sys.modules
            return importlib.util.spec_from_loader(name, _AsItIs) if known else None
        if name != "keras" or cls._looking:
            return None
        cls._looking = True
        try:
            spec = importlib.util.find_spec("keras")
        finally:
            cls._looking = False
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            if cls in sys.meta_path:  # until then: whoever asks may not import it
                sys.meta_path.remove(cls)
            _register()

        spec.loader.exec_module = exec_module
        return spec


def _register():
    importlib.import_module("keras_rnn_zoo.topologies")


if "keras" in sys.modules:
    _register()
else:
    sys.meta_path.insert(0, _WhenKerasIsThere)
