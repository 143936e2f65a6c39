"""Directories on disk that hold a model and all that belongs to it."""

from keras_rnn_zoo.presets.model_directory import ASSETS_FILE as ASSETS_FILE
from keras_rnn_zoo.presets.model_directory import METADATA_FILE as METADATA_FILE
from keras_rnn_zoo.presets.model_directory import find as find
from keras_rnn_zoo.presets.model_directory import load as load
from keras_rnn_zoo.presets.model_directory import names as names
from keras_rnn_zoo.presets.model_directory import read_assets as read_assets
from keras_rnn_zoo.presets.model_directory import read_metadata as read_metadata
from keras_rnn_zoo.presets.model_directory import verify as verify
from keras_rnn_zoo.presets.places import moved_aside as moved_aside
from keras_rnn_zoo.presets.places import replaceable as replaceable
from keras_rnn_zoo.presets.run_directory import Assets as Assets
from keras_rnn_zoo.presets.run_directory import new_directory as new_directory
from keras_rnn_zoo.presets.run_directory import recover as recover
from keras_rnn_zoo.presets.run_directory import training_directory as training_directory
