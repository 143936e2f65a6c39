"""Looking at models: numbers and pictures of what they learn, forget and answer.

Every function returns numbers in a small frozen dataclass, whose `plot(ax=None)` draws
them (extra `plot`). They step through time one by one, with Keras's TensorFlow backend.
"""

import importlib

_PLACES = {
    "CellDrawing": "cell_drawing",
    "CellEntry": "cells",
    "ForgetProduct": "gates",
    "GateActivations": "gates",
    "GradientFlow": "gradients",
    "GradientMonitor": "gradient_monitor",
    "GradientPaths": "paths",
    "ParameterTable": "parameters",
    "Saliency": "gradients",
    "SpectralRadius": "spectrum",
    "StateActivations": "gates",
    "Unrolled": "diagram",
    "catalogue": "cells",
    "draw_cell": "cell_drawing",
    "forget_product": "gates",
    "gate_activations": "gates",
    "gradient_flow": "gradients",
    "gradient_paths": "paths",
    "parameter_table": "parameters",
    "saliency": "gradients",
    "spectral_radius": "spectrum",
    "state_activations": "gates",
    "unrolled": "diagram",
}

__all__ = list(_PLACES)


def __getattr__(name):
    if name in _PLACES:
        module = importlib.import_module(f"keras_rnn_zoo.inspection.{_PLACES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'keras_rnn_zoo.inspection' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
