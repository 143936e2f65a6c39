from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import fast_grnn

ROWS = [
    Case(
        "FastRNN",
        layers.FastRNN,
        fast_grnn.rnn,
        {
            "kernel": (3, 4),
            "recurrent_kernel": (4, 4),
            "bias": (4,),
            "alpha": (1,),
            "beta": (1,),
        },
    ),
    Case(
        "FastGRNN",
        layers.FastGRNN,
        fast_grnn.grnn,
        {
            "kernel": (3, 4),
            "recurrent_kernel": (4, 4),
            "bias": (8,),
            "zeta": (1,),
            "nu": (1,),
        },
    ),
]
