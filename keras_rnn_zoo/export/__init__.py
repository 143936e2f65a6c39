"""Models as files that run without this package."""

from keras_rnn_zoo.export.saved_model import Exported, export_saved_model
from keras_rnn_zoo.export.step import StepModel

__all__ = ["Exported", "StepModel", "export_saved_model"]
