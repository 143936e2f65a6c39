from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import res_lstm

ROWS = [
    Case(
        "ResLSTM",
        layers.ResLSTM,
        res_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 16),
            "bias": (16,),
            "peephole_kernel": (12,),
            "projection_kernel": (4, 4),
            "residual_kernel": (3, 4),
        },
        states=2,
    ),
]
