from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import para_rnn

ROWS = [
    Case(
        "ParaGRU",
        layers.ParaGRU,
        para_rnn.gru_step,
        {"kernel": (3, 12), "recurrent_kernel": (12,), "bias": (12,)},
    ),
    Case(
        "ParaLSTM",
        layers.ParaLSTM,
        para_rnn.lstm_step,
        {
            "kernel": (3, 12),
            "recurrent_kernel": (12,),
            "bias": (12,),
            "peephole_kernel": (8,),
        },
        states=2,
    ),
]
