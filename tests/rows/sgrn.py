from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import sgrn

ROWS = [
    Case(
        "SGRN",
        layers.SGRN,
        sgrn.step,
        {"kernel": (3, 4), "recurrent_kernel": (4, 4), "bias": (4,)},
    ),
]
