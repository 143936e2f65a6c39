from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import simple_rnn

ROWS = [
    Case(
        "SimpleRNN",
        layers.SimpleRNN,
        simple_rnn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
    ),
    Case(
        "SimpleRNN-relu-no-bias",
        layers.SimpleRNN,
        simple_rnn.relu_step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4)},
        {"activation": "relu", "use_bias": False},
    ),
]
