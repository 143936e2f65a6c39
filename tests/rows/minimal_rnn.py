from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import minimal_rnn

ROWS = [
    Case(
        "MinimalRNN",
        layers.MinimalRNN,
        minimal_rnn.step,
        {
            "kernel": (3, 4),
            "recurrent_kernel": (4, 4),
            "bias": (8,),
            "mapped_kernel": (4, 4),
        },
    ),
]
