from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import mut

ROWS = [
    Case(
        "MUT1",
        layers.MUT1,
        mut.mut1,
        {
            "kernel": (3, 8),
            "recurrent_kernel": (4, 8),
            "bias": (12,),
            "input_kernel": (3, 4),
        },
    ),
    Case(
        "MUT2",
        layers.MUT2,
        mut.mut2,
        {
            "kernel": (3, 8),
            "recurrent_kernel": (4, 12),
            "bias": (12,),
            "input_kernel": (3, 4),
        },
    ),
    Case(
        "MUT3",
        layers.MUT3,
        mut.mut3,
        {"kernel": (3, 12), "recurrent_kernel": (4, 12), "bias": (12,)},
    ),
]
