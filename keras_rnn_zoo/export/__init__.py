"""Models as files that run without this package."""

import importlib

from keras_rnn_zoo.export.saved_model import Exported, export_saved_model
from keras_rnn_zoo.export.step import StepModel

_LATER = {
    "export_encoder_decoder": "encoder_decoder",
    "export_litert": "litert",
    "export_onnx": "onnx",
}

__all__ = ["Exported", "StepModel", "export_saved_model", *_LATER]


def __getattr__(name):
    if name in _LATER:
        module = importlib.import_module(f"keras_rnn_zoo.export.{_LATER[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'keras_rnn_zoo.export' has no attribute {name!r}")
