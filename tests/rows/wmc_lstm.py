from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import wmc_lstm

ROWS = [
    Case(
        "WMCLSTM",
        layers.WMCLSTM,
        wmc_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "memory_kernel": (4, 12),
            "memory_bias": (12,),
        },
        states=2,
    ),
]
