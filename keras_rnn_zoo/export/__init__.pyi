"""Written by `python -m tests.stubs --write`."""

from keras_rnn_zoo.export.encoder_decoder import (
    export_encoder_decoder as export_encoder_decoder,
)
from keras_rnn_zoo.export.litert import export_litert as export_litert
from keras_rnn_zoo.export.onnx import export_onnx as export_onnx
from keras_rnn_zoo.export.saved_model import Exported as Exported
from keras_rnn_zoo.export.saved_model import export_saved_model as export_saved_model
from keras_rnn_zoo.export.step import StepModel as StepModel
