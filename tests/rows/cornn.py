from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import cornn

ROWS = [
    Case(
        "CoRNN",
        layers.CoRNN,
        cornn.step,
        {
            "kernel": (3, 4),
            "recurrent_kernel": (4, 4),
            "bias": (4,),
            "velocity_kernel": (4, 4),
        },
        {"time_step": 0.5, "frequency": 0.4, "damping": 0.3},
        states=2,
    ),
]
