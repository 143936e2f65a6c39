from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import exp_rnn

ROWS = [
    Case(
        "ExpRNN",
        layers.ExpRNN,
        exp_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
        scale_free=True,  # the smallest P still makes an orthogonal U
    ),
]
