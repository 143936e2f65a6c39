from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import esn

WEIGHTS = {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)}
ROWS = [
    Case("ESN", layers.ESN, esn.step, WEIGHTS, learns=False),  # nothing of it is
    Case(
        "ESN-leaky", layers.ESN, esn.leaky_step, WEIGHTS, {"leaky": 0.3}, learns=False
    ),
]
