from keras_rnn_zoo import layers
from tests.case import Case
from tests.references import mlstm

ROWS = [
    Case(
        "MLSTM",
        layers.MLSTM,
        mlstm.step,
        {"kernel": (3, 18), "bias": (18,)},
        states=3,
        scale_free=True,  # queries, keys and values multiply each other
        output_of=lambda output, states: output,  # h is read from the states
    ),
]
