from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import projected_lstm

ROWS = [
    Case(
        "ProjectedLSTM",
        layers.ProjectedLSTM,
        projected_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (2, 16),
            "bias": (16,),
            "projection_kernel": (4, 2),
        },
        states=2,
    ),
    Case(
        "ProjectedLSTM-wide",
        layers.ProjectedLSTM,
        projected_lstm.step,
        {
            "kernel": (3, 16),
            "recurrent_kernel": (5, 16),
            "bias": (16,),
            "projection_kernel": (4, 5),
        },
        {"projection_units": 5},
        states=2,
    ),
]
