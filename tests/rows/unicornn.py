from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import unicornn

ROWS = [
    Case(
        "UnICORNN",
        layers.UnICORNN,
        unicornn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4,), "bias": (4,), "pace": (4,)},
        {"time_step": 0.5, "frequency": 0.7},
        states=2,
        scale_free=True,
    ),
]
