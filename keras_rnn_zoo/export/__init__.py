"""Models as files that run without this package."""

from keras_rnn_zoo.export.saved_model import Exported, export

__all__ = ["Exported", "export"]
