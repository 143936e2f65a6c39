import numpy as np

from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import scrn

ROWS = [
    Case(
        "SCRN",
        layers.SCRN,
        scrn.step,
        {"kernel": (3, 6), "recurrent_kernel": (4, 4), "context_kernel": (2, 4)},
        {"context_units": 2},
        states=2,
        output_of=lambda output, states: np.concatenate(states, -1),
    ),
    Case(
        "SCRN-bias",
        layers.SCRN,
        scrn.step_with_bias,
        {
            "kernel": (3, 7),
            "recurrent_kernel": (4, 4),
            "bias": (7,),
            "context_kernel": (3, 4),
        },
        {"context_units": 3, "alpha": 0.7, "use_bias": True},
        states=2,
        output_of=lambda output, states: np.concatenate(states, -1),
    ),
]
