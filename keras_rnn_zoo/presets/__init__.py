"""Directories on disk that hold a model and all that belongs to it."""

from keras_rnn_zoo.presets.run_directory import Assets, new_directory, recover

__all__ = ["Assets", "new_directory", "recover"]
