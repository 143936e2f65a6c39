from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import memory_controller_lstm

ROWS = [
    Case(
        "MemoryControllerLSTM",
        layers.MemoryControllerLSTM,
        memory_controller_lstm.step,
        {"kernel": (3, 20), "recurrent_kernel": (4, 20), "bias": (20,)},
        states=2,
        output_of=lambda output, states: output,
    ),
]
