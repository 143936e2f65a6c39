import numpy as np

from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import hgrn

ROWS = [
    Case(
        "HGRN",
        layers.HGRN,
        hgrn.step,
        {"kernel": (3, 12), "bias": (12,), "phase": (4,)},
        {"lower_bound": 0.3},
        states=2,
        output_of=lambda output, states: np.concatenate(states, -1),
    ),
]
