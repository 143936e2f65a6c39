from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import ind_rnn

ROWS = [
    Case(
        "IndRNN",
        layers.IndRNN,
        ind_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4,), "bias": (4,)},
    ),
    Case(
        "IndRNN-tanh",
        layers.IndRNN,
        ind_rnn.tanh_step,
        {"kernel": (3, 4), "recurrent_kernel": (4,), "bias": (4,)},
        {"activation": "tanh"},
    ),
]
