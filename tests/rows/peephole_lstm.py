from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import peephole_lstm

ROWS = [
    Case(
        "PeepholeLSTM",
        layers.PeepholeLSTM,
        peephole_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "peephole_kernel": (12,),
        },
        states=2,
    ),
]
