from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import lem

ROWS = [
    Case(
        "LEM",
        layers.LEM,
        lem.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (4, 12),
            "bias": (16,),
            "memory_kernel": (4, 4),
        },
        {"time_step": 0.8},
        states=2,
    ),
]
