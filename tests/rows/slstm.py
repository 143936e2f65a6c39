from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import slstm

ROWS = [
    Case(
        "SLSTM",
        layers.SLSTM,
        slstm.step,
        {"kernel": (3, 16), "recurrent_kernel": (4, 16), "bias": (16,)},
        states=4,
        scale_free=True,  # its output is divided by what it has counted
    ),
]
