from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import lmu

ROWS = [
    Case(
        "LMU",
        layers.LMU,
        lmu.step,
        {
            "kernel": (3, 5),
            "recurrent_kernel": (4, 5),
            "memory_kernel": (6, 4),
            "memory_encoder": (6, 1),
        },
        {"memory_size": 6, "theta": 6.0},
        states=2,
    ),
    Case(
        "LMU-bias",
        layers.LMU,
        lmu.step_with_bias,
        {
            "kernel": (3, 5),
            "recurrent_kernel": (4, 5),
            "bias": (5,),
            "memory_kernel": (3, 4),
            "memory_encoder": (3, 1),
        },
        {"memory_size": 3, "theta": 20.0, "use_bias": True},
        states=2,
    ),
]
