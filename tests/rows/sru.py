from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import sru

ROWS = [
    Case(
        "SRU",
        layers.SRU,
        sru.step,
        {"kernel": (3, 16), "recurrent_kernel": (8,), "bias": (8,)},
        output_of=lambda output, states: output,  # h is read from the state
    ),
]
