from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import nas

ROWS = [
    Case(
        "NAS",
        layers.NAS,
        nas.step,
        {"kernel": (3, 32), "recurrent_kernel": (4, 32), "bias": (32,)},
        states=2,
        output_of=lambda output, states: states[1],
    ),
    Case(
        "NAS-projected",
        layers.NAS,
        nas.projected_step,
        {
            "kernel": (3, 32),
            "recurrent_kernel": (2, 32),
            "bias": (32,),
            "projection_kernel": (4, 2),
        },
        {"projection_units": 2},
        states=2,
        output_of=lambda output, states: states[1],
    ),
]
